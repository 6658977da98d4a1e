/** Puts the router's function together from its settings. The last known good snapshot is there before the first request. */
import type { Clock } from '../../core/clock.ts';
import { invariant } from '../../core/errors.ts';
import type { CellId, RegionName } from '../../core/ids.ts';
import type { Rng } from '../../core/rng.ts';
import { Authenticator } from '../auth/authenticator.ts';
import { readKeySet } from '../auth/key-set.ts';
import { cellSpecs } from '../core/decide.ts';
import { motions } from '../core/motion.ts';
import { MapHolder } from '../map/map-holder.ts';
import { MapPoller } from '../map/map-poller.ts';
import { SnapshotHolder } from '../map/snapshot-holder.ts';
import { CellDoor } from './cell-door.ts';
import { fetchKeys, snapshotSource } from './documents.ts';
import { HttpsCaller } from './https-caller.ts';
import { KeptSnapshot } from './kept-snapshot.ts';
import { OutOfBand } from './out-of-band.ts';
import type { FunctionParts } from './router-function.ts';
import type { FunctionSettings } from './settings.ts';
import { CallSigner } from './signed-call.ts';

/** A failover is learned from hints at once; this is for what no request has met yet. 2 s cost at most 1.3 M reads a month. */
const MAP_EVERY_MS = 2_000;
const KEYS_EVERY_MS = 60_000;
const KEYS_FAILED_MS = 5_000;

export function makeFunctionParts(
  settings: FunctionSettings,
  ports: { readonly clock: Clock; readonly rng: Rng; readonly log: (line: string) => void },
): FunctionParts {
  const { clock, rng, log } = ports;
  const cells = cellSpecs(settings.topology);
  const kept = new KeptSnapshot({ clock, path: settings.keptSnapshotPath });
  const holder = new MapHolder({ clock, cells, onChange: () => kept.changed() });
  const snapshots = new SnapshotHolder({ map: holder, onChange: () => kept.changed() });
  const caller = new HttpsCaller(clock);
  const signer = new CallSigner(settings.credentials);
  const source = { clock, caller, signer, url: settings.snapshotUrl, region: settings.region };
  const poller = new MapPoller({ clock, rng, holder: snapshots, fetch: snapshotSource(source) });
  const authenticator = new Authenticator({ clock, issuer: settings.issuer });
  const { keys } = settings;
  if ('given' in keys) authenticator.useKeys(keys.given);
  const links = settings.topology.cells.flatMap(({ id: cell, home, standby }) =>
    [home, standby].map((region) => ({ cell, region, link: new CellDoor() })),
  );
  const doors = new Map(links.map(({ cell, region, link }) => [`${cell}@${region}`, link]));
  const door = (cell: CellId, region: RegionName) => {
    const found = doors.get(`${cell}@${region}`);
    invariant(found !== undefined, `a door to ${cell} in ${region} exists, because the topology names it`);
    return found;
  };
  kept.load(snapshots, settings.bundledSnapshots);
  const never = new AbortController().signal;
  return {
    ...{ clock, log, region: settings.region, cells, holder, snapshots, kept, poller, authenticator, caller, signer },
    ...{ door, links, lastKnownGood: kept, inFlightMax: 1 },
    admits: (cell, region) => door(cell, region).breaker.admits(clock.monotonicMs()),
    isBroken: (cell, region) => door(cell, region).breaker.isBroken,
    motion: motions([...cells.keys()], clock),
    refreshMap: new OutOfBand({
      ...{ clock, everyMs: MAP_EVERY_MS, failedMs: MAP_EVERY_MS },
      work: async () => {
        await poller.poll(never);
        return true;
      },
    }),
    refreshKeys: new OutOfBand({
      ...{ clock, everyMs: KEYS_EVERY_MS, failedMs: KEYS_FAILED_MS },
      work: async () => {
        if (!('url' in keys)) return true;
        try {
          authenticator.useKeys(readKeySet(await fetchKeys({ clock, caller }, keys.url)));
          return true;
        } catch {
          // The last known good keys stay when the issuer is away or answers nonsense.
          return false;
        }
      },
    }),
  };
}
