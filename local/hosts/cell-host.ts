/**
 * Composition root of a cell's process on one machine: starts the cell runtime, then loads the services on top of it (they
 * take it from the module that they share), serves them over HTTP, and reports ready.
 */
import type { Server } from 'node:http';
import { pathToFileURL } from 'node:url';
import { type StartedCell, startCellRuntime } from '../../cell/runtime.ts';
import { AnswerCounts } from '../../core/answer-counts.ts';
import { systemClock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { SERVICE_OF_SEGMENT } from '../../core/service-paths.ts';
import { createCellServer, type Handler } from './cell-server.ts';
import { Drain } from './drain.ts';
import { type CellHostStatus, processHealth, releaseTold } from './host-status.ts';
import { openParentChannel } from './parent-channel.ts';
import { warmRequests } from './warm-requests.ts';

const { env } = process;
const name = `${env.HOLDFAST_CELL}@${env.HOLDFAST_REGION}`;
let running: StartedCell | null = null;

let server: Server | null = null;
let frontIsWarm = false;
const drain = new Drain(systemClock);

const parent = openParentChannel({
  name,
  shutdown: async ({ drainMs }) => {
    if (server !== null && drainMs > 0) await drain.run(server, { withinMs: drainMs });
    await running?.stop();
  },
});

try {
  const internalSecret = env.HOLDFAST_INTERNAL_SECRET;
  if (!internalSecret)
    throw invalid('HOLDFAST_INTERNAL_SECRET is missing. The supervisor sets it; start with "npm start".');
  const cell = await startCellRuntime(env);
  running = cell;
  const release = releaseTold(env);
  const answers = new AnswerCounts(systemClock);
  const status = async (): Promise<CellHostStatus> => ({
    ...(await cell.status()),
    release,
    answers: answers.report(),
    process: processHealth(),
    warm: cell.isWarm() && frontIsWarm,
  });
  const door = createCellServer({
    name,
    internalSecret,
    services: await loadServices(),
    status,
    ring: () => cell.ring(),
    quarantine: cell.quarantine,
    ...{ answers, drain, release },
    clock: systemClock,
  });
  server = door;
  door.on('error', (error) => parent.failed(error));
  door.listen({ host: '127.0.0.1', port: Number(env.PORT ?? 0) }, () => {
    const address = door.address();
    if (typeof address !== 'object' || address === null) return;
    parent.ready(address.port);
    const { port } = address;
    void warmRequests({ runtime: cell.runtime, internalSecret, port, clock: systemClock }).then(() => {
      frontIsWarm = true;
    });
  });
} catch (thrown) {
  parent.failed(thrown);
}

async function loadServices() {
  const loaded = new Map<string, { readonly name: string; readonly handler: Handler }>();
  for (const [segment, service] of Object.entries(SERVICE_OF_SEGMENT)) {
    // Bundles are named by path, as Lambda names them; seen from this one, `dist/local/hosts/cell-host.js`.
    const bundle = new URL(`../../services/${service}/main.js`, pathToFileURL(process.argv[1] ?? ''));
    const module = (await import(bundle.href)) as { readonly handler: Handler };
    loaded.set(segment, { name: service, handler: module.handler });
  }
  return loaded;
}
