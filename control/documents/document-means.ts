/** What a rollout of a document is carried out with, found again by the name that stands in its record (`limits@5`). */
import type { Clock } from '../../core/clock.ts';
import { documentType } from '../../core/documents/document-types.ts';
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import type { Gate } from '../rollout/rollout-executor.ts';
import { consumersGate } from './consumers-gate.ts';
import { DocumentExecutor } from './document-executor.ts';
import type { DocumentEyes } from './document-eyes.ts';
import type { DocumentStore, KeptEdition } from './document-store.ts';
import { documentRefused } from './publishing.ts';

const NAME = /^([a-z][a-z0-9-]*)@(\d{1,9})$/;
const LIMIT = { withinMs: 2_000 };

export interface DocumentPlace {
  readonly store: DocumentStore;
  readonly eyes: DocumentEyes;
  readonly clock: Clock;
}

export const documentName = ({ edition: { type, version } }: KeptEdition): string => `${type}@${version}`;

/** Throws `INVALID_INPUT` for no name of an edition, `DOCUMENT_REFUSED` when there is none of it. */
export async function documentMeans(
  what: string,
  place: DocumentPlace,
): Promise<{ readonly executor: DocumentExecutor; readonly gates: readonly Gate[] }> {
  const [, name = '', digits = ''] = NAME.exec(what) ?? [];
  if (name === '') throw invalid(`Not an edition: ${shown(what)}. Allowed: a type and a version, as limits@5.`);
  const type = documentType(name);
  const version = Number(digits);
  const kept = await place.store.edition({ type: name, version }, LIMIT);
  if (kept === null)
    throw documentRefused(`There is no edition ${what}; "holdfast document history ${name}" lists them.`);
  const of = { ...place, type, version };
  return { executor: new DocumentExecutor({ ...of, by: kept.edition.by }), gates: [consumersGate(of)] };
}
