/** Runs a bench and keeps its result: as JSON under `bench/results/`, with machine, versions, commit and date. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { findProject } from '../local/project-root.ts';
import type { BenchRequest, Measured } from './bench.ts';
import { sourceOf, thisMachine } from './machine.ts';

export interface Recorded {
  readonly json: unknown;
  readonly text: string;
}

export async function recordBench(
  name: string,
  options: { readonly request: BenchRequest; readonly measure: (request: BenchRequest) => Promise<Measured> },
): Promise<Recorded> {
  const { request, measure } = options;
  const project = findProject();
  const machine = thisMachine();
  const startedAtMs = systemClock.monotonicMs();
  const { settings, versions, results, text } = await measure(request);
  const json = {
    bench: name,
    date: new Date(systemClock.wallMs()).toISOString(),
    ...(request.quick ? { quick: 'a smoke test: these figures have no worth' } : {}),
    ...sourceOf(project.rootDir),
    machine,
    versions: { holdfast: project.version, node: process.versions.node, ...versions },
    durationS: Math.round((systemClock.monotonicMs() - startedAtMs) / 1_000),
    settings,
    results,
  };
  const on = `${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, load average ${machine.loadAverage1m} at the start`;
  const lines = [text, '', on];
  if (!request.quick) lines.push(`Written to ${await write(join(project.rootDir, 'bench', 'results'), name, json)}`);
  return { json, text: lines.join('\n') };
}

/** Whole or not at all: a bench that is ended while it writes leaves the last result as it was. */
async function write(dir: string, name: string, json: unknown): Promise<string> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, `${name}.json`);
  await writeFile(`${path}.new`, `${JSON.stringify(json, null, 2)}\n`);
  await rename(`${path}.new`, path);
  return path;
}
