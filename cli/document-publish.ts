/** The `document` commands that change something: publish and rollback. */
import { refuseObjections } from '../control/documents/publishing.ts';
import type { RolloutRecord } from '../control/rollout/rollout-record.ts';
import { fileOf, typeOf } from './document-reading.ts';
import { differencesText } from './document-text.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { progressText } from './rollout/rollout-text.ts';
import type { DocumentOperator, Published } from './services.ts';
import type { Call, Outcome } from './shell.ts';

export async function publish(call: Call, operator: DocumentOperator): Promise<Outcome> {
  const type = typeOf(call, operator);
  const { why, force } = call.options;
  const text = await fileOf(call, type);
  const plan = await operator.plan({ type, text, why: String(why), force: force === true });
  refuseObjections(plan);
  const published = await call.progress(`publishing ${type.name}`, (progress) =>
    operator.publish(plan, stagedBy(call, progress)),
  );
  const { warnings, objections } = plan.judgement;
  const lines = [
    resultText(type.name, published),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...objections.map(({ message }) => `forced: ${message}`),
    ...(published.kept ? [differencesText(plan.differences)] : []),
  ];
  return {
    text: lines.join('\n'),
    json: { type: type.name, road: plan.road, ...resultJson(published), warnings, forced: objections },
    exitCode: exitCodeOf(published),
  };
}

export async function rollBack(call: Call, operator: DocumentOperator): Promise<Outcome> {
  const type = typeOf(call, operator);
  const { to, why } = call.options;
  const kept = await operator.rollBack({ type, to: typeof to === 'number' ? to : null, why: String(why) });
  if (kept === null) {
    return { text: `${type.name} says that already; nothing was changed.`, json: { type: type.name, version: null } };
  }
  const { edition, restores, diff } = kept;
  return {
    text: `${type.name}@${edition.version} has the content of ${restores === 0 ? 'the bundled default' : restores} and is in force everywhere.\n${diff}`,
    json: { type: type.name, version: edition.version, restores, diff },
  };
}

/** How a publication goes through the waves, as the options say. */
export function stagedBy({ options: { bake, forceGate } }: Call, progress: { update(text: string): void }) {
  return {
    bakeMs: Number(bake) * 1_000,
    forced: Array.isArray(forceGate) ? forceGate.map(String) : [],
    onProgress: (record: RolloutRecord) => progress.update(`${record.what}: ${progressText(record)}`),
  };
}

export function resultText(name: string, { kept, rollout }: Published): string {
  if (kept === null) return `${name} says that already; nothing was changed.`;
  const what = `${name}@${kept.edition.version}`;
  if (rollout === null) return `${what} is in force everywhere.`;
  if (rollout.state === 'done') return `${what} went through ${rollout.waves.length} waves and is in force everywhere.`;
  const why = rollout.trouble?.detail ?? 'see "holdfast deploy status"';
  if (rollout.state === 'stopped') return `${what} stopped on its way and waits for a person: ${why}`;
  return `${what} was taken back (${rollout.state}): ${why}`;
}

export function resultJson({ kept, rollout }: Published) {
  const ended = rollout && { number: rollout.number, state: rollout.state, trouble: rollout.trouble };
  return { version: kept?.edition.version ?? null, rollout: ended };
}

export function exitCodeOf({ rollout }: Published): ExitCode {
  if (rollout === null || rollout.state === 'done') return EXIT.done;
  return rollout.state === 'stopped' ? EXIT.unknown : EXIT.refused;
}
