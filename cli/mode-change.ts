/**
 * The `mode` commands that change something. What takes function away is in force everywhere at once; what gives it back goes
 * through the waves, unless a person says `--now`, which stands in the history. Invariant: an edit is made on the document that
 * it is published over, so it never undoes what somebody else has set meanwhile.
 */
import { type PublishPlan, refuseObjections } from '../control/documents/publishing.ts';
import { isPlatformError, PlatformError } from '../core/errors.ts';
import { edited, type ModesEdit } from '../core/modes/edit-modes.ts';
import { settingName } from '../core/modes/modes-checks.ts';
import { type ModesBody, whereText } from '../core/modes/modes-document.ts';
import { modesType } from '../core/modes/modes-type.ts';
import { exitCodeOf, resultJson, resultText, stagedBy } from './document-publish.ts';
import { cellOf, levelNamed, settingOf, switchNamed } from './mode-words.ts';
import type { CliServices, DocumentOperator } from './services.ts';
import type { Call, Outcome } from './shell.ts';

/** Others publish at the same time; more often in a row means something else. */
const TRIES_MAX = 5;

interface Of {
  readonly operator: DocumentOperator;
  readonly services: CliServices;
}

export function set(call: Call, of: Of): Promise<Outcome> {
  const cell = cellOf(call.args[0] ?? '', of.operator.topology);
  const level = levelNamed(call.args[1] ?? '');
  if (level === 100)
    return change(call, of, { edit: { kind: 'clear-level', cell }, what: `${whereText(cell)}: level 100` });
  const setting = { level, ...settingOf(call, { cell, nowMs: of.services.clock.wallMs() }) };
  return change(call, of, { edit: { kind: 'set-level', setting }, what: settingName(setting) });
}

export function clear(call: Call, of: Of): Promise<Outcome> {
  const cell = cellOf(call.args[0] ?? '', of.operator.topology);
  return change(call, of, { edit: { kind: 'clear-all', cell }, what: `${whereText(cell)}: nothing is set` });
}

export function switchOn(call: Call, of: Of): Promise<Outcome> {
  const name = switchNamed(call.args[0] ?? '');
  const cell = cellOf(String(call.options.cell), of.operator.topology);
  const setting = { name, ...settingOf(call, { cell, nowMs: of.services.clock.wallMs() }) };
  return change(call, of, { edit: { kind: 'switch-on', setting }, what: `${settingName(setting)} on` });
}

export function switchOff(call: Call, of: Of): Promise<Outcome> {
  const name = switchNamed(call.args[0] ?? '');
  const cell = cellOf(String(call.options.cell), of.operator.topology);
  return change(call, of, { edit: { kind: 'switch-off', name, cell }, what: `${whereText(cell)}: ${name} off` });
}

async function change(
  call: Call,
  { operator, services }: Of,
  { edit, what }: { readonly edit: ModesEdit; readonly what: string },
): Promise<Outcome> {
  for (let tries = 1; ; tries++) {
    const plan = await planned(call, { operator, edit, nowMs: services.clock.wallMs() });
    const givesWay = plan.road === 'at-once' ? plan.shelf.staged : null;
    try {
      const published = await call.progress(what, (progress) => operator.publish(plan, stagedBy(call, progress)));
      const lines = [
        `${what}. ${resultText(modesType.name, published)}`,
        ...(givesWay ? [`modes@${givesWay.edition.version}, which was on its way through the waves, gave way.`] : []),
        ...plan.judgement.objections.map(({ message }) => `forced: ${message}`),
      ];
      const json = {
        change: what,
        road: plan.road,
        ...resultJson(published),
        gaveWay: givesWay?.edition.version ?? null,
      };
      return { text: lines.join('\n'), json, exitCode: exitCodeOf(published) };
    } catch (thrown) {
      // Effect none: somebody else was first; on theirs, then.
      if (!isPlatformError(thrown) || thrown.code !== 'VERSION_CONFLICT' || tries >= TRIES_MAX) throw thrown;
    }
  }
}

/** Throws `DOCUMENT_REFUSED`, `VERSION_CONFLICT`. */
async function planned(
  { options }: Call,
  { operator, edit, nowMs }: { readonly operator: DocumentOperator; readonly edit: ModesEdit; readonly nowMs: number },
): Promise<PublishPlan> {
  const force = options.force === true;
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const { recordVersion, stable } = await operator.shelf(modesType);
    const body = edited((stable?.body ?? modesType.bundled) as ModesBody, edit, nowMs);
    const plan = await operator.plan({ type: modesType, text: JSON.stringify(body), why: String(options.why), force });
    // The edit was made on what was there a moment ago; published over something newer, it would undo that.
    if (plan.shelf.recordVersion !== recordVersion) continue;
    refuseObjections(plan);
    return options.now === true && plan.road === 'waves' ? atOnce(plan) : plan;
  }
  throw new PlatformError({
    code: 'VERSION_CONFLICT',
    kind: 'dependency',
    effect: 'none',
    message: `Others changed the modes ${TRIES_MAX} times in between. Nothing was changed; look at "holdfast mode list" and try again.`,
  });
}

/** Noted beside what else was forced. */
function atOnce(plan: PublishPlan): PublishPlan {
  const message = 'modes: function is given back everywhere at once, without the waves (--now).';
  const objections = [...plan.judgement.objections, { kind: 'delta' as const, message }];
  return {
    ...plan,
    road: 'at-once',
    wish: { ...plan.wish, force: true },
    judgement: { ...plan.judgement, objections },
  };
}
