/**
 * The decision, as a function: what was so far, what is seen now → a verdict for each cell. Only the two signals together,
 * without a break for `agreementMs` on one own clock, get as far as the guard rails; then a random wait, after which all is
 * looked at again, so that two regions do not act in step and a fault that was about to pass has passed.
 */
import type { CellId } from '../../../core/ids.ts';
import type { Rng } from '../../../core/rng.ts';
import type { AutomationSettings } from '../../../core/topology-automation.ts';
import { type Case, holdReason, isReceiver, personReason, personResumesReason } from './guard-rails.ts';
import type { CellObservation, LeftBehindMove, Observation } from './observation.ts';
import type { Verdict } from './verdict.ts';

/** A longer gap between two looks means that we stood still, and know nothing of the time between. */
export const GAP_MS_MAX = 2_000;

/** Since when both signals agree, and from when on it may act. Cells on which they do not are absent. */
export type Agreement = ReadonlyMap<CellId, { readonly sinceMs: number; readonly actAtMs: number }>;

export interface Judged {
  readonly agreement: Agreement;
  readonly verdicts: ReadonlyMap<CellId, Verdict>;
}

export function judgeCells(
  before: Agreement,
  seen: Observation,
  by: { readonly settings: AutomationSettings; readonly rng: Rng },
): Judged {
  const agreement = agreementNow(seen.sinceLastMs > GAP_MS_MAX ? new Map() : before, seen, by);
  const verdicts = new Map<CellId, Verdict>();
  let decidedNow = 0;
  for (const cell of seen.cells) {
    const verdict = verdictOf(cell, { seen, agreement, settings: by.settings, decidedNow });
    if (verdict.kind === 'move') decidedNow += 1;
    verdicts.set(cell.cell, verdict);
  }
  return { agreement, verdicts };
}

function agreementNow(
  before: Agreement,
  seen: Observation,
  { settings, rng }: { settings: AutomationSettings; rng: Rng },
): Agreement {
  const agreed = seen.cells.filter((cell) => isReceiver(cell, seen) && bothBad(cell));
  return new Map(
    agreed.map(({ cell }) => {
      const drawn = () => seen.atMs + settings.agreementMs + settings.jitterMs * rng.next();
      return [cell, before.get(cell) ?? { sinceMs: seen.atMs, actAtMs: drawn() }];
    }),
  );
}

const bothBad = (cell: CellObservation) => cell.client.says === 'bad' && cell.inside.says === 'bad';

function verdictOf(
  cell: CellObservation,
  of: { seen: Observation; agreement: Agreement; settings: AutomationSettings; decidedNow: number },
): Verdict {
  const { seen, settings, decidedNow } = of;
  const agreed = of.agreement.get(cell.cell);
  if (agreed === undefined) return unagreed(cell);
  if (seen.atMs < agreed.actAtMs) {
    return { kind: 'suspect', why: `both signals agree for ${Math.round(seen.atMs - agreed.sinceMs)} ms` };
  }
  const at = { cell, seen, moves: seen.moves ?? [], settings, decidedNow };
  const hold = holdReason(at);
  if (hold !== null) return { kind: 'hold', why: hold };
  if (cell.leftBehind !== null) return verdictOfLeftBehind(cell.leftBehind, at);
  const person = personReason(at);
  return person === null ? { kind: 'move' } : { kind: 'propose', why: person };
}

/** No proposal: what is to be done was decided, and the command that goes on with it needs none. */
function verdictOfLeftBehind({ id, step }: LeftBehindMove, at: Case): Verdict {
  const person = personResumesReason(at);
  if (person === null) return { kind: 'resume' };
  const { cell } = at.cell;
  const why = `failover ${id} was left behind at "${step}" and ${person}: holdfast failover run ${cell} --resume`;
  return { kind: 'hold', why };
}

function unagreed({ client, inside }: CellObservation): Verdict {
  const bad = [
    ...(client.says === 'bad' ? [`clients: ${client.because}`] : []),
    ...(inside.says === 'bad' ? [`inside: ${inside.because}`] : []),
  ];
  return bad.length === 0 ? { kind: 'healthy' } : { kind: 'suspect', why: bad.join('; ') };
}
