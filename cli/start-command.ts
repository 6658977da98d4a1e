/** `holdfast start`: the platform in the foreground. Results on stdout, everything else on stderr. */
import type { Command } from 'commander';
import { isPlatformError } from '../core/errors.ts';
import { ENGINE_KINDS, type EngineKind } from '../local/engine/resolve-engine.ts';
import type { PlatformView } from '../local/platform-control.ts';
import { oneOf, wholeNumber } from './option-parsers.ts';
import type { CliServices, StartedPlatform, StartOptions } from './services.ts';
import type { Call, Shell } from './shell.ts';
import { duration, textTable } from './text-table.ts';

/** Validated more closely where it is used; here only what no machine can do. */
const CELLS = { min: 1, max: 1_000 };
const PORTS = { min: 1, max: 65_535 };
/** Easy to type in a first request. */
const PORT_BASE_DEFAULT = 8_701;

export function addStartCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  program
    .command('start')
    .description('start the platform on this machine and stay in the foreground (Ctrl-C ends all of it)')
    .option('--cells <n>', 'how many cells (default: those of platform.config.ts)', wholeNumber(CELLS))
    .option('--data <dir>', 'keep the data here; without it, it is gone at the end')
    .option('--engine <name>', `the DynamoDB engine: ${ENGINE_KINDS.join(' or ')}`, oneOf(ENGINE_KINDS))
    .option(
      '--port <base>',
      'routers listen on BASE, BASE + 1 … (default: 8701, or free ports when those are taken)',
      wholeNumber(PORTS),
    )
    .action(shell.action((call) => start(call, services)));
}

async function start(call: Call, services: CliServices): Promise<null> {
  const startedAtMs = services.clock.monotonicMs();
  const topology = await services.topology();
  const platform = await call.progress('starting the platform', () =>
    startOn(services, { topology, ...startOptions(call.options) }),
  );
  const view = await platform.view();
  const readyMs = services.clock.monotonicMs() - startedAtMs;
  call.terminal.out(call.json ? JSON.stringify(readyEvent(view)) : welcome(view, { call, readyMs }));
  await platform.untilEnd();
  return null;
}

/** Ports that were asked for must be had; the default ones are only easy to remember. */
async function startOn(services: CliServices, options: StartOptions): Promise<StartedPlatform> {
  if (options.portBase !== undefined) return services.start(options);
  try {
    return await services.start({ ...options, portBase: PORT_BASE_DEFAULT });
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'PORT_IN_USE') throw error;
    return services.start(options);
  }
}

function startOptions(options: Call['options']): Omit<StartOptions, 'topology'> {
  return {
    ...(typeof options.cells === 'number' ? { cells: options.cells } : {}),
    ...(typeof options.data === 'string' ? { dataDir: options.data } : {}),
    ...(typeof options.engine === 'string' ? { engine: options.engine as EngineKind } : {}),
    ...(typeof options.port === 'number' ? { portBase: options.port } : {}),
  };
}

/** A contract: other programs wait for this line. */
function readyEvent(view: PlatformView): unknown {
  const cells = view.topology.cells.map(({ id, home, standby }) => {
    const urlIn = (region: string) =>
      view.processes.find((each) => each.kind === 'cell' && each.cell === id && each.region === region)?.url ?? null;
    return [id, { home, standby, urls: { [home]: urlIn(home), [standby]: urlIn(standby) } }];
  });
  return { event: 'ready', routers: view.routers, cells: Object.fromEntries(cells) };
}

function welcome(view: PlatformView, { call, readyMs }: { call: Call; readyMs: number }): string {
  const { bold, cyan, dim, green, yellow } = call.terminal.outColours;
  const routers = Object.entries(view.routers).map(([region, url]) => ['router', region, cyan(url)]);
  const cells = view.topology.cells.map(({ id, home, standby }) => [`cell ${id}`, home, dim(`standby in ${standby}`)]);
  const router = Object.values(view.routers)[0] ?? '';
  return [
    `${green('Holdfast serves.')} ${dim(`${view.processes.length} processes, ready in ${duration(readyMs)}, engine ${view.engine}`)}`,
    '',
    textTable([{ title: '' }, { title: '' }, { title: '' }], [...routers, ...cells]),
    '',
    ...deployedBefore(view).flatMap((line) => [yellow(line), '']),
    bold('Try, in another terminal:'),
    '  export TOKEN=$(npx holdfast token acme)',
    `  curl -X PUT ${router}/carts/my-cart/items/anchor-mug -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"quantity": 2}'`,
    '  npx holdfast status',
    dim('  … and then: npm run drill -- region-lost'),
    '',
    dim(`Data in ${view.dataDir}. Ctrl-C ends everything.`),
  ].join('\n');
}

/** Kept data keep what was deployed to them, also when the sources here have moved on. Nobody should have to find that out. */
function deployedBefore({ processes, versions }: PlatformView): readonly string[] {
  const { release } = versions;
  const others = processes.filter((each) => each.release !== undefined && each.release.name !== release);
  if (release === undefined || others.length === 0) return [];
  const names = [...new Set(others.map((each) => each.release?.name))].join(', ');
  return [
    `${others.length} processes run what was deployed to this data before (${names}); the sources here are ${release}.`,
    `To run them: npx holdfast deploy run --target local --release ${release}`,
  ];
}
