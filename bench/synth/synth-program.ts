/**
 * One synth in a process of its own, as "npx cdk synth" would make it, but for the CLI: bundles, then all templates. Prints what
 * it took and what came out as one line of JSON. Its argument: `SynthOrder`.
 */
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { validateTopology } from '../../core/topology.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import { synthesise } from '../../infra/app.ts';
import { bundleFunctions } from '../../infra/bundle.ts';
import platform from '../../platform.config.ts';

export interface SynthOrder {
  readonly rootDir: string;
  readonly outdir: string;
  readonly cells: number;
  readonly validate: boolean;
  /** Only this stack. */
  readonly only?: string;
}

export interface SynthMade {
  readonly bundleMs: number;
  readonly synthMs: number;
  /** Of the whole process, from its start. */
  readonly cpuMs: number;
  readonly stacks: number;
  /** Of the largest stack. */
  readonly resourcesMax: number;
  /** Of each cell's stack; one number, or something is wrong. */
  readonly resourcesOfCells: readonly number[];
}

const { rootDir, outdir, cells, validate, only } = JSON.parse(process.argv[2] ?? '') as SynthOrder;
const grown = defaultTopology({ cells, base: platform });
// So many cells need a quota that a new account does not have.
const topology = validateTopology({ ...grown, aws: { ...grown.aws, accountConcurrency: 1_000_000 } });

const startedAtMs = systemClock.monotonicMs();
const bundles = await bundleFunctions({ rootDir, topology });
const bundledAtMs = systemClock.monotonicMs();
const { stacks } = synthesise(topology, {
  ...{
    bundles,
    validate,
    outdir: join(outdir, 'cdk.out'),
    devIssuer: { issuer: 'http://localhost', jwks: '{"keys":[]}' },
  },
  ...(only === undefined ? {} : { only }),
});
const synthMs = systemClock.monotonicMs() - bundledAtMs;
const sizes = stacks.map(({ stackName, template }) => ({
  stackName,
  resources: Object.keys((template as { Resources: object }).Resources).length,
}));
const cpu = process.cpuUsage();
const made: SynthMade = {
  bundleMs: Math.round(bundledAtMs - startedAtMs),
  synthMs: Math.round(synthMs),
  cpuMs: Math.round((cpu.user + cpu.system) / 1_000),
  stacks: stacks.length,
  resourcesMax: Math.max(...sizes.map(({ resources }) => resources)),
  resourcesOfCells: [
    ...new Set(
      sizes.filter(({ stackName }) => stackName.startsWith('holdfast-cell-')).map(({ resources }) => resources),
    ),
  ],
};
process.stdout.write(`${JSON.stringify(made)}\n`);
