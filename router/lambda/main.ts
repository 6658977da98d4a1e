/** Composition root of the router's function: the handler that Lambda calls for its URL, and for the probes. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../core/clock.ts';
import { systemRng } from '../../core/rng.ts';
import { makeFunctionParts } from './function-parts.ts';
import { routerFunction } from './router-function.ts';
import { readFunctionSettings } from './settings.ts';

/** The deployment puts these beside the bundle: the topology always, a snapshot if there was one. */
const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const settings = readFunctionSettings(process.env, {
  topology: JSON.parse(readFileSync(beside('topology.json'), 'utf8')),
  snapshotPath: beside('map.json'),
});
const parts = makeFunctionParts(settings, { clock: systemClock, rng: systemRng, log: (line) => console.log(line) });
// The first look at the map goes on beside the rest of the start.
parts.refreshMap.kick();
parts.refreshKeys.kick();

export const handler = routerFunction(parts);
