/** A command that puts the platform back: carried out also when the drill is aborted, because the platform may be somebody's. */
import { saidOf } from './commands.ts';
import type { Lab } from './lab.ts';

/** A rollout is taken back within a second or two and undoes one cell after the other; nothing else takes as long. */
const HEAL_MS_MAX = 60_000;

/** Never rejects: what it said, or that nothing was heard of it. */
export async function healBy(lab: Pick<Lab, 'operator' | 'clock'>, args: readonly string[]): Promise<string> {
  const over = new AbortController();
  const late = lab.clock.sleep(HEAL_MS_MAX, over.signal).then(() => null);
  late.catch(() => undefined); // It was not needed.
  const ended = await Promise.race([lab.operator.begin(args).ended, late]);
  over.abort();
  return ended === null ? `nothing was heard for ${HEAL_MS_MAX} ms` : saidOf(ended);
}
