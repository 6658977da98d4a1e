/**
 * Publishing a document: what is wrong with it, which road it takes, and the short road (everywhere at once) itself. The long
 * one, wave by wave, is a rollout's. Invariant: nothing is written before everything was judged, and the shelf is written only
 * over what the document was judged against.
 */
import type { Clock } from '../../core/clock.ts';
import type { DocumentType, Shelf } from '../../core/documents/document-type.ts';
import { BY_LENGTH_MAX, WHY_LENGTH_MAX } from '../../core/documents/edition-text.ts';
import { type Difference, diffJson } from '../../core/documents/json-diff.ts';
import { type Judgement, judgeDocument } from '../../core/documents/judge-document.ts';
import { invalid, PlatformError, toPlatformError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import type { Topology } from '../../core/topology.ts';
import type { DocumentStore, KeptEdition, Limit } from './document-store.ts';
import { beforeOf, draftEdition } from './draft-edition.ts';

export interface PublishWish {
  readonly type: DocumentType;
  readonly text: string;
  readonly by: string;
  readonly why: string;
  /** Passes objections to the extent of the change; never others. */
  readonly force: boolean;
  /** The version whose content it brings back; absent: its content is new. */
  readonly restores?: number;
}

export interface PublishPlan {
  readonly wish: PublishWish;
  readonly shelf: Shelf;
  /** What it would follow. */
  readonly before: { readonly version: number; readonly body: unknown };
  readonly judgement: Judgement;
  readonly differences: readonly Difference[];
  /** `unchanged`: it says what is published already, and nothing is to be done. */
  readonly road: 'unchanged' | 'at-once' | 'waves';
}

export interface PublishPorts {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly topology: Topology;
}

const LIMIT: Limit = { withinMs: 2_000 };

/** Reads only. Throws `DOCUMENT_REFUSED` for what is no such document, `INVALID_INPUT` without a reason. */
export async function planPublish({ store, clock, topology }: PublishPorts, wish: PublishWish): Promise<PublishPlan> {
  const { type, text } = wish;
  checkWords(wish);
  const read = wish.restores === undefined ? store.shelf : store.shelfToReplace;
  const shelf = await read(type.name, LIMIT);
  const before = beforeOf(type, shelf);
  const nowMs = clock.wallMs();
  // What was in force once comes back as it was, though something of it may have ended meanwhile.
  const timely = wish.restores === undefined ? { nowMs } : {};
  const judgement = judged(type, { text, before: before.body, topology, ...timely });
  const differences = diffJson(before.body as Json, judgement.body as Json);
  return { wish, shelf, before, judgement, differences, road: roadOf(type, { before, judgement, differences, nowMs }) };
}

/** Throws `DOCUMENT_REFUSED` with every objection, what is allowed, and whether force would pass it. */
export function refuseObjections({ judgement, wish }: PublishPlan): void {
  const { objections } = judgement;
  const standing = wish.force ? objections.filter(({ kind }) => kind !== 'delta') : objections;
  if (standing.length === 0) return;
  const canForce = objections.every(({ kind }) => kind === 'delta');
  const lines = standing.map(({ message }) => `  ${message}`).join('\n');
  const next = canForce ? 'Publish it in steps; or, if all of it is meant, say so with --force.' : 'Correct it.';
  throw documentRefused(`${wish.type.name} was not published:\n${lines}\n${next}`);
}

/** Keeps the next edition, without publishing it: for the long road, whose first step puts it on the shelf. */
export async function keepDraft({ store, clock }: PublishPorts, plan: PublishPlan): Promise<KeptEdition> {
  refuseObjections(plan);
  const { wish, shelf, judgement } = plan;
  if (plan.road === 'waves' && shelf.staged !== null) throw alreadyStaged(shelf);
  const forced = judgement.objections.map(({ message }) => message);
  const { type, by, why, restores } = wish;
  const again = restores === undefined ? {} : { restores };
  const draft = { ...{ type, shelf, body: judgement.body, by, why: why.trim(), forced }, ...again };
  return draftEdition(draft, { store, clock, limit: LIMIT });
}

/**
 * Publishes to every consumer at once. What is on its way through the waves meanwhile gives way: its rollout finds that it has
 * no place any more. Throws `VERSION_CONFLICT` (effect none) when somebody else published since the plan was made.
 */
export async function publishAtOnce(ports: PublishPorts, plan: PublishPlan): Promise<KeptEdition> {
  const kept = await keepDraft(ports, plan);
  const { type, recordVersion, token } = plan.shelf;
  const next: Shelf = { type, token, recordVersion: recordVersion + 1, stable: kept.edition, staged: null };
  if (await ports.store.saveShelf(next, LIMIT)) return kept;
  const { stable } = await ports.store.shelf(type, LIMIT);
  // The answer to a write of ours was lost, or whoever repeats us was quicker.
  if (stable?.version === kept.edition.version) return kept;
  throw new PlatformError({
    code: 'VERSION_CONFLICT',
    kind: 'dependency',
    effect: 'none',
    message: `Somebody else changed ${type} meanwhile (now version ${stable?.version ?? 0}). Nothing was published; look at "holdfast document show ${type}" and try again.`,
  });
}

/** That a file is wrong is the answer to a well-formed command. */
function judged(type: DocumentType, given: Parameters<typeof judgeDocument>[1]): Judgement {
  try {
    return judgeDocument(type, given);
  } catch (thrown) {
    throw documentRefused(
      `This is no document ${type.name}: ${toPlatformError(thrown).message} Nothing was published.`,
    );
  }
}

function roadOf(
  type: DocumentType,
  {
    before,
    judgement,
    differences,
    nowMs,
  }: Pick<PublishPlan, 'before' | 'judgement' | 'differences'> & { nowMs: number },
): PublishPlan['road'] {
  if (differences.length === 0) return 'unchanged';
  const isSafe = type.isSafeDirection(before.body, judgement.body, nowMs);
  return isSafe || type.staging === 'at-once' ? 'at-once' : 'waves';
}

function checkWords({ by, why }: PublishWish): void {
  const length = why.trim().length;
  if (length === 0 || length > WHY_LENGTH_MAX) {
    throw invalid(`A reason of ${length} characters. Allowed: 1–${WHY_LENGTH_MAX}. Say why, with --why.`);
  }
  if (by.length > 0 && by.length <= BY_LENGTH_MAX) return;
  throw invalid(`A publisher's name of ${by.length} characters. Allowed: 1–${BY_LENGTH_MAX}.`);
}

function alreadyStaged({ type, staged }: Shelf): PlatformError {
  return documentRefused(
    `${type}@${staged?.edition.version} is on its way through the waves, and only one staged change goes at a time. Wait for it, or go on with it if its publisher died (holdfast deploy resume), or take it back (holdfast deploy abort).`,
  );
}

export function documentRefused(message: string): PlatformError {
  return new PlatformError({ code: 'DOCUMENT_REFUSED', kind: 'caller', effect: 'none', message });
}
