/**
 * Runs of a register that keeps its promises, drawn from a seed: concurrent clients, writes acknowledged by both regions, by one,
 * or by nobody, refusals, and epochs that begin at any moment. Every operation takes effect at one instant of the run,
 * so the rows are linearizable by construction.
 */
import { randomInt, seededRng } from '../../core/rng.ts';
import { EAST, type Row, WEST } from './sample-history.ts';

interface Open {
  readonly client: number;
  readonly op: 'stock.put' | 'stock.get';
  readonly asked: number | null;
  readonly beganMs: number;
  /** What it came to, once it took effect. */
  effect: Partial<Row> | null;
}

const CLIENTS = 4;

export function registerRun(seed: number, options: { readonly steps: number }): readonly Row[] {
  const rng = seededRng(seed);
  const rows: Row[] = [];
  const open = new Map<number, Open>();
  let line: readonly (number | null)[] = [null];
  let epoch = 1;
  let value = 0;
  const owner = () => ({ region: epoch % 2 === 1 ? EAST : WEST, epoch });
  const takeEffect = (call: Open) => {
    if (call.op === 'stock.get') {
      const shown = line.at(-1) ?? null;
      const found = shown === null ? ({ outcome: 'fail', code: 'NOT_FOUND' } as const) : { value: shown };
      call.effect = { ...found, ...owner() };
      return;
    }
    const how = (['both', 'both', 'both', 'alone', 'nobody'] as const)[randomInt(rng, 5)];
    line = how === 'both' ? [call.asked] : [...line, call.asked];
    if (how === 'nobody') call.effect = { outcome: 'info', region: null, epoch: null };
    else call.effect = { ...owner(), ...(how === 'alone' ? { degraded: 'unreplicated' } : {}) };
  };
  const end = (call: Open, t: number) => {
    const never = randomInt(rng, 2) === 0 ? ({ outcome: 'fail', code: 'NOT_ACTIVE' } as const) : UNKNOWN;
    const outcome = call.effect ?? (call.op === 'stock.get' ? UNKNOWN : never);
    const { client, op, asked, beganMs } = call;
    rows.push({ client, op, asked, at: [beganMs, t], id: `${client}-${beganMs}`, ...outcome });
    open.delete(client);
  };
  for (let t = 0; t < options.steps; t++) {
    const client = randomInt(rng, CLIENTS);
    const call = open.get(client);
    if (randomInt(rng, 25) === 0) {
      line = line.slice(0, 1 + randomInt(rng, line.length));
      epoch += 1;
    } else if (!call) {
      const puts = randomInt(rng, 2) === 0;
      const asked = puts ? ++value : null;
      open.set(client, { client, op: puts ? 'stock.put' : 'stock.get', asked, beganMs: t, effect: null });
    } else if (call.effect === null && randomInt(rng, 4) > 0) takeEffect(call);
    else end(call, t);
  }
  for (const call of open.values()) end(call, options.steps);
  return rows;
}

const UNKNOWN = { outcome: 'info', region: null, epoch: null } as const;
