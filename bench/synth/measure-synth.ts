/**
 * `synth`: how long the templates take, with and without CloudFormation's rules, for many cells and for one, and how large
 * they become. Each round is a process of its own, because a warm one would flatter the loading of the CDK away.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { textTable } from '../../cli/text-table.ts';
import { cellStackName } from '../../core/aws-names.ts';
import { findProject } from '../../local/project-root.ts';
import platform from '../../platform.config.ts';
import type { BenchRequest, Measured } from '../bench.ts';
import { withScope } from '../scope.ts';
import { type Summary, summarise } from '../statistics.ts';
import type { SynthMade, SynthOrder } from './synth-program.ts';

const ROUNDS = 3;
const CELLS = 100;
const QUICK_CELLS = 2;
/** Far above the target: what takes longer has failed it by any measure. */
const ROUND_MS_MAX = 600_000;

type Case = Pick<SynthOrder, 'cells' | 'validate' | 'only'>;
type Results = Readonly<
  Record<
    string,
    { readonly synthMs: Summary; readonly bundleMs: Summary; readonly cpuMs: Summary; readonly made: SynthMade }
  >
>;

export function measureSynth({ quick, rounds, onProgress }: BenchRequest): Promise<Measured> {
  const count = rounds ?? (quick ? 1 : ROUNDS);
  const many = quick ? QUICK_CELLS : CELLS;
  const [first] = platform.cells;
  const one = first ? cellStackName(first.id, first.home) : '';
  const cases: Readonly<Record<string, Case>> = {
    [`${many} cells, without rules`]: { cells: many, validate: false },
    [`${many} cells, with rules`]: { cells: many, validate: true },
    'one stack of one cell, with rules': { cells: platform.cells.length, validate: true, only: one },
    'one stack of one cell, without rules': { cells: platform.cells.length, validate: false, only: one },
  };
  return withScope(async (scope) => {
    const { rootDir } = findProject();
    const program = join(rootDir, 'dist', 'bench', 'synth-program.mjs');
    await bundleProgram(rootDir, program);
    const results: Record<string, Results[string]> = {};
    for (const [name, of] of Object.entries(cases)) {
      const made: SynthMade[] = [];
      for (let round = 0; round < count; round++) {
        onProgress(`${name}, ${round + 1} of ${count}`);
        made.push(await synthOnce(program, { ...of, rootDir, outdir: join(scope.dir, `synth-${round}`) }));
      }
      const [last] = made.slice(-1);
      if (!last) continue;
      const summary = (key: 'synthMs' | 'bundleMs' | 'cpuMs') => summarise(made.map((one) => one[key]));
      results[name] = {
        synthMs: summary('synthMs'),
        bundleMs: summary('bundleMs'),
        cpuMs: summary('cpuMs'),
        made: last,
      };
    }
    return {
      settings: { rounds: count, regions: platform.regions.length },
      versions: {},
      results,
      text: textOf(results),
    };
  });
}

/** As infra/run.mjs does it: packages stay outside. */
async function bundleProgram(rootDir: string, outfile: string): Promise<void> {
  await build({
    ...{ absWorkingDir: rootDir, entryPoints: ['bench/synth/synth-program.ts'], outfile, bundle: true },
    ...{ packages: 'external', format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning' },
  });
}

async function synthOnce(program: string, order: SynthOrder): Promise<SynthMade> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(order)], {
    cwd: order.rootDir,
    timeout: ROUND_MS_MAX,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as SynthMade;
}

function textOf(results: Results): string {
  const rows = Object.entries(results).map(([name, { synthMs, bundleMs, cpuMs, made }]) => [
    name,
    `${Math.round(synthMs.median)} ms`,
    `${Math.round(bundleMs.median)} ms`,
    `${Math.round(cpuMs.median)} ms`,
    String(made.stacks),
    String(made.resourcesMax),
    made.resourcesOfCells.join(', '),
  ]);
  const figures = ['templates', 'bundles', 'processor', 'stacks', 'largest', 'of a cell'];
  return textTable([{ title: 'synth of' }, ...figures.map((title) => ({ title, align: 'right' as const }))], rows);
}
