/** Which documents the processes of the cells say that they run: asked of each process itself, where it is now. */

import type { Sample } from './document-evidence.ts';
import type { Lab } from './lab.ts';
import { statusOf } from './old-owner.ts';
import { membersOf } from './workload/product.ts';

export interface DocumentSeen {
  /** Name of the process. */
  readonly name: string;
  readonly cell: string;
  readonly pid: number | null;
  /** `null`: it did not answer. */
  readonly version: number | null;
  readonly source: string | null;
  readonly refused: string | null;
}

/** One line for each process of a cell that runs; a process that was restarted is asked at its new address. */
export async function documentsSeen(lab: Lab, type: string): Promise<readonly DocumentSeen[]> {
  const { processes } = await lab.platform.view();
  const hosts = processes.filter(({ kind, state }) => kind === 'cell' && state === 'ready');
  return Promise.all(
    hosts.map(async (host) => {
      const said = membersOf(membersOf((await statusOf(lab, host))?.documents ?? null)[type] ?? null);
      const refused = membersOf(said.lastRefused ?? null).reason;
      return {
        ...{ name: host.name, cell: host.cell ?? '', pid: host.pid },
        version: typeof said.version === 'number' ? said.version : null,
        source: typeof said.source === 'string' ? said.source : null,
        refused: typeof refused === 'string' ? refused : null,
      };
    }),
  );
}

/** Of the platform as it was before the drill: those that must say something. */
export function cellProcesses({ sight }: Pick<Lab, 'sight'>): readonly string[] {
  return sight.processes.filter(({ kind }) => kind === 'cell').map(({ name }) => name);
}

/** `c01@us-east-1 runs 3 (kept)`, for findings. */
export function seenText(seen: readonly DocumentSeen[]): string {
  return seen.map(({ name, version, source }) => `${name} runs ${version ?? '?'} (${source ?? 'silent'})`).join(', ');
}

const SAMPLE_EVERY_MS = 250;

/** Looks at every process again and again while `work` runs, and returns what it saw. */
export async function whileSampling(lab: Lab, type: string, work: () => Promise<void>): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  let over = false;
  const sampling = async () => {
    while (!over) {
      samples.push({ atMs: lab.recorder.nowMs(), seen: await documentsSeen(lab, type) });
      await lab.clock.sleep(SAMPLE_EVERY_MS);
    }
  };
  const sampled = sampling();
  try {
    await work();
  } finally {
    over = true;
    await sampled;
  }
  return samples;
}
