/**
 * What a cell's host adds to the status of its cell: which release it runs, how it has answered, how it is doing as a process.
 * Gates of a rollout read it; `answers` begins anew with the process.
 */
import { getHeapStatistics } from 'node:v8';
import type { CellStatus } from '../../cell/runtime.ts';
import type { AnswerReport } from '../../core/answer-counts.ts';

/** The release of a process, as the supervisor tells it. */
export interface ReleaseTold {
  readonly name: string;
  /** `sha256:…` over its bundles. */
  readonly digest: string;
}

export interface ProcessHealth {
  readonly pid: number;
  readonly upMs: number;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  /** Above it the process dies. */
  readonly heapBytesMax: number;
}

export type CellHostStatus = CellStatus & {
  /** `null`: started by hand, from a bundle that belongs to no release. */
  readonly release: ReleaseTold | null;
  readonly answers: AnswerReport;
  readonly process: ProcessHealth;
  /** It has run itself warm: the paths of reads and writes were gone through often enough to be compiled. */
  readonly warm: boolean;
};

/** As it stands on answers: names the release to whoever has its manifest, and tells a stranger nothing. */
export const shortDigest = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12);

export function releaseTold(env: Readonly<Record<string, string | undefined>>): ReleaseTold | null {
  const { HOLDFAST_RELEASE: name, HOLDFAST_RELEASE_DIGEST: digest } = env;
  return name && digest ? { name, digest } : null;
}

export function processHealth(): ProcessHealth {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    pid: process.pid,
    upMs: Math.round(process.uptime() * 1000),
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    heapBytesMax: getHeapStatistics().heap_size_limit,
  };
}
