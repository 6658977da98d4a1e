/** Puts a router together from its settings and runs it: map first, then keys, then the door. */
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../../core/clock.ts';
import { invariant, PlatformError } from '../../core/errors.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import { type Rng, systemRng } from '../../core/rng.ts';
import { Authenticator } from '../auth/authenticator.ts';
import { refreshKeys } from '../auth/key-set.ts';
import { cellSpecs } from '../core/decide.ts';
import { IN_FLIGHT_PER_LINK_MAX } from '../core/limits.ts';
import { motions } from '../core/motion.ts';
import { LastKnownGood } from '../map/last-known-good.ts';
import { MapHolder } from '../map/map-holder.ts';
import { MapPoller } from '../map/map-poller.ts';
import { CellLink } from './cell-link.ts';
import type { RouterSettings } from './environment.ts';
import { httpKeySource, httpMapSource } from './http-source.ts';
import type { RouterParts } from './router-parts.ts';
import { createRouterServer } from './server.ts';

/** A router without a map serves nobody, so the first start waits this long for control; then it opens and says 503. */
const FIRST_MAP_WAIT_MS = 3_000;
const FIRST_MAP_POLL_MS = 10;

export interface RunningRouter {
  readonly port: number;
  readonly parts: RouterParts;
  close(): Promise<void>;
}

/** `firstMapWaitMs`: how long to wait for a first map before the door opens without one. */
export async function startRouter(
  settings: RouterSettings,
  options: { readonly firstMapWaitMs?: number } = {},
): Promise<RunningRouter> {
  const clock = systemClock;
  const rng = systemRng;
  const stop = new AbortController();
  const parts = makeParts(settings, { clock, rng });
  await parts.lastKnownGood.load(parts.holder);
  supplyKeys(settings, { parts, clock, rng, signal: stop.signal });
  void parts.poller.run(stop.signal);
  await firstMap({ parts, clock, waitMs: options.firstMapWaitMs ?? FIRST_MAP_WAIT_MS });

  const server = createRouterServer(parts);
  const port = await listen(server, settings.port);
  return {
    port,
    parts,
    close: async () => {
      stop.abort(new Error('The router is closing.'));
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, parts.lastKnownGood.flush(), ...parts.links.map(({ link }) => link.close())]);
    },
  };
}

function makeParts(settings: RouterSettings, ports: { clock: Clock; rng: Rng }): RouterParts {
  const { clock, rng } = ports;
  const cells = cellSpecs(settings.topology);
  const credential = `Holdfast-Internal ${settings.internalSecret}`;
  const lastKnownGood = new LastKnownGood({ clock, path: settings.lastKnownGoodPath });
  const holder = new MapHolder({ clock, cells, onChange: (map) => lastKnownGood.save(map) });
  const links = settings.cellUrls.map(({ cell, region, url }) => ({
    cell,
    region,
    link: new CellLink({ origin: url, clock }),
  }));
  // Two look-ups by names that are there already cost less than one by a name made up for each request.
  const byCell = new Map(links.map(({ cell }) => [cell, new Map<RegionName, CellLink>()]));
  for (const { cell, region, link } of links) byCell.get(cell)?.set(region, link);
  const link = (cell: CellId, region: RegionName) => {
    const found = byCell.get(cell)?.get(region);
    invariant(found !== undefined, `a link to ${cell} in ${region} exists, because the topology names it`);
    return found;
  };
  return {
    clock,
    region: settings.region,
    cells,
    holder,
    poller: new MapPoller({ clock, rng, holder, fetch: httpMapSource({ url: settings.mapUrl, credential }) }),
    lastKnownGood,
    authenticator: new Authenticator({ clock, issuer: settings.issuer }),
    credential,
    links,
    inFlightMax: IN_FLIGHT_PER_LINK_MAX,
    link,
    admits: (cell, region) => link(cell, region).breaker.admits(clock.monotonicMs()),
    isBroken: (cell, region) => link(cell, region).breaker.isBroken,
    motion: motions([...cells.keys()], clock),
  };
}

function supplyKeys(
  settings: RouterSettings,
  run: { parts: RouterParts; clock: Clock; rng: Rng; signal: AbortSignal },
): void {
  const { authenticator } = run.parts;
  if ('given' in settings.keys) {
    authenticator.useKeys(settings.keys.given);
    return;
  }
  void refreshKeys({
    clock: run.clock,
    rng: run.rng,
    signal: run.signal,
    fetch: httpKeySource(settings.keys.url),
    onKeys: (keys) => authenticator.useKeys(keys),
  });
}

async function firstMap(wait: { parts: RouterParts; clock: Clock; waitMs: number }): Promise<void> {
  const { clock, parts } = wait;
  const untilMs = clock.monotonicMs() + wait.waitMs;
  while (parts.holder.map === null && clock.monotonicMs() < untilMs) await clock.sleep(FIRST_MAP_POLL_MS);
}

async function listen(server: ReturnType<typeof createRouterServer>, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port)));
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== 'EADDRINUSE') return error;
  return new PlatformError({
    code: 'PORT_IN_USE',
    kind: 'caller',
    effect: 'none',
    message: `Port ${port} is in use. Allowed: a free one. End what listens there, or set PORT to another (0 picks one).`,
    cause: error,
  });
}
