/** What goes on while no arbiter answers, and what must come back by itself when it does. Notes only what clients saw. */
import { type Lab, until } from './lab.ts';
import { ExtraWrites } from './workload/extra-writes.ts';
import type { Pace } from './workload/prober.ts';

const CART_PACE: Pace = { intervalMs: 200, deadlineMs: 1_000, openMax: 6 };
/** From the return of the arbiter to the first write of each cell; measured, and bounded so that the drill ends. */
const RESUME_MS_MAX = 20_000;

export interface Carts {
  readonly cell: string;
  readonly region: string;
  readonly writes: ExtraWrites;
}

/** Through the routers, so that they prove that routers serve. */
export function cartsOfEachCell(lab: Lab, cells: readonly string[]): readonly Carts[] {
  return cells.map((cell, block) => {
    const region = lab.entry.regions[block % lab.entry.regions.length] ?? lab.region;
    const series = `through-${region}`;
    const writes = new ExtraWrites({
      ...{ lab, cell, op: 'cart.put', to: { router: region }, pace: CART_PACE, series, block },
    });
    return { cell, region, writes };
  });
}

/** Notes for each cell whether strict writes are back by themselves, counted from the heal. */
export async function untilResumed(lab: Lab, cells: readonly string[]): Promise<void> {
  const fromMs = lab.notes.healAtMs ?? 0;
  const resumed = cells.map(async (cell) => {
    const serves = () => lab.load.log.window(cell, { fromMs, toMs: lab.recorder.nowMs() }).acknowledgedShare > 0;
    const held = await until(lab, { withinMs: RESUME_MS_MAX }, serves);
    if (held) lab.mark('served', 'strict writes again', { cell, durationMs: lab.recorder.nowMs() - fromMs });
    const otherwise = `${cell} did not resume strict writes within ${RESUME_MS_MAX} ms after the arbiter was back.`;
    lab.notes.expectations.push({ held, otherwise });
  });
  await Promise.all(resumed);
}
