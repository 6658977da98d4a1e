/**
 * Sets a level by the command line and watches, from outside, when it is in effect: in both regions' processes, in what they answer.
 * Times are counted from the instant that the edition says it was published at, which is before its write: they err towards too long.
 */
import { degradedTokens } from '../../core/modes/degraded-header.ts';
import { LEVELS, type Level, promised } from '../../core/modes/ladder.ts';
import { OPERATIONS, type Operation } from '../../core/modes/operations.ts';
import { done } from '../commands.ts';
import { type Lab, until } from '../lab.ts';
import { membersOf } from '../workload/product.ts';
import type { LadderShop } from './ladder-shop.ts';

/** From the beginning of the command, which starts a process first; the bound of the effect itself is judged beside. */
const IN_EFFECT_MS_MAX = 30_000;

export interface LevelSwitch {
  readonly level: Level;
  readonly publishedAtMs: number;
  readonly inEffectAtMs: number;
}

/** Gives back at once, too: the road through the waves is what `bad-release` looks at. Throws when it was refused, or is not in effect in time. */
export async function setLevel(lab: Lab, { shop, level }: { shop: LadderShop; level: Level }): Promise<LevelSwitch> {
  const inEffect = untilInEffect(lab, { shop, level });
  // Whoever fails first tells; the other one ends within its own bound.
  inEffect.catch(() => undefined);
  await done(lab, levelCommand(lab, { shop, level }));
  const inEffectAtMs = await inEffect;
  return { level, publishedAtMs: await publishedAt(lab), inEffectAtMs };
}

/** A level that nobody takes back ends by itself. */
export function levelCommand(
  lab: Pick<Lab, 'seed'>,
  { shop, level }: { shop: LadderShop; level: Level },
): readonly string[] {
  return [
    'mode',
    'set',
    shop.cell,
    String(level),
    '--why',
    `drill, seed ${lab.seed}`,
    '--expires',
    '1h',
    '--now',
    '--json',
  ];
}

async function untilInEffect(lab: Lab, { shop, level }: { shop: LadderShop; level: Level }): Promise<number> {
  const regions = lab.sight.processes.flatMap(({ kind, cell, region }) =>
    kind === 'cell' && cell === shop.cell && region !== undefined ? [region] : [],
  );
  const shown = await until(lab, { withinMs: IN_EFFECT_MS_MAX }, async () => {
    const answers = await Promise.all(regions.map((standbyIn) => shop.ask(CANARY, { standbyIn })));
    return answers.every(({ outcome }) => shows(outcome.degraded ?? null, level));
  });
  if (shown) return lab.recorder.nowMs();
  throw new Error(`Level ${level} of ${shop.cell} is not in effect after ${IN_EFFECT_MS_MAX} ms.`);
}

/** A read that either region answers and that is not in full at any level but the first, so that its mark tells the level. */
const CANARY: Operation = canary();

function canary(): Operation {
  const found = OPERATIONS.find(
    ({ name, kind, class: kept }) =>
      kind === 'read' &&
      kept === 'mergeable' &&
      LEVELS.every((level) => level === 100 || promised(level, name).kind !== 'full'),
  );
  if (found) return found;
  throw new Error('No operation tells every level by its answers.');
}

function shows(degraded: string | null, level: Level): boolean {
  const levels = degradedTokens(degraded).filter((token) => token.startsWith('level-'));
  return levels.join() === (level === 100 ? '' : `level-${level}`);
}

async function publishedAt(lab: Lab): Promise<number> {
  const shelf = await lab.operator.readShelf('modes');
  const { publishedAtMs } = membersOf(JSON.parse(String(shelf?.stable ?? 'null')));
  if (typeof publishedAtMs !== 'number')
    throw new Error('The shelf of the modes says of no edition when it was published.');
  return lab.recorder.nowMs() - (lab.clock.wallMs() - publishedAtMs);
}
