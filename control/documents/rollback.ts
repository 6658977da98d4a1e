/**
 * Rolling a document back: the content of an earlier edition comes again as a new one, everywhere at once. It was in force
 * before, so the extent of the change is no objection; that it still fits the topology is checked.
 */
import { canonicalJson } from '../../core/documents/canonical-json.ts';
import type { DocumentType } from '../../core/documents/document-type.ts';
import type { DocumentStore, KeptEdition, Limit } from './document-store.ts';
import { beforeOf } from './draft-edition.ts';
import { documentRefused, type PublishPlan, type PublishPorts, planPublish, publishAtOnce } from './publishing.ts';

/** Content that was brought back again and again; who needs more says which version with --to. */
const RESTORES_MAX = 20;
const LIMIT: Limit = { withinMs: 2_000 };

export interface RollbackWish {
  readonly type: DocumentType;
  /** `null`: what the present content replaced. 0: the bundled default. */
  readonly to: number | null;
  readonly by: string;
  readonly why: string;
}

/** Throws `DOCUMENT_REFUSED` for a version that there is not, or that is in force. `null`: what it says is in force already. */
export async function rollBack(ports: PublishPorts, wish: RollbackWish): Promise<KeptEdition | null> {
  const { type, by, why } = wish;
  const to = wish.to ?? (await replacedBy(ports.store, type));
  const text = canonicalJson(await bodyOf(ports.store, { type, version: to }));
  const plan = await planPublish(ports, { type, text, by, why, force: true, restores: to });
  const { staged, unreadable } = plan.shelf;
  // Nothing to take back: but what is staged has to go, too, and so has what nobody can read.
  if (plan.road === 'unchanged' && staged === null && unreadable === undefined) return null;
  return publishAtOnce(ports, atOnce(plan));
}

const atOnce = (plan: PublishPlan): PublishPlan => ({ ...plan, road: 'at-once' });

async function replacedBy(store: DocumentStore, type: DocumentType): Promise<number> {
  const shelf = await store.shelfToReplace(type.name, LIMIT);
  // What it followed nobody can say: the newest that can be read was in force before it.
  if (shelf.unreadable !== undefined) return newestKept(store, type);
  const { version } = beforeOf(type, shelf);
  // What is only on its way is taken back by what is stable.
  if (shelf.staged !== null) return version;
  const keptAt = async (at: number) => (at === 0 ? null : store.edition({ type: type.name, version: at }, LIMIT));
  let kept = await keptAt(version);
  // What was brought back replaced what its original had replaced: two rollbacks in a row go back twice, not forth again.
  for (let hops = 0; hops < RESTORES_MAX && kept !== null && kept.restores !== null; hops++) {
    kept = await keptAt(kept.restores);
  }
  if (kept) return kept.follows;
  throw documentRefused(`${type.name} is at its bundled default: there is nothing before it to go back to.`);
}

async function bodyOf(store: DocumentStore, of: { readonly type: DocumentType; readonly version: number }) {
  if (of.version === 0) return of.type.bundled;
  const kept = await store.edition({ type: of.type.name, version: of.version }, LIMIT);
  if (kept) return kept.edition.body;
  const newest = await newestKept(store, of.type);
  throw documentRefused(
    `There is no edition ${of.type.name}@${of.version}. Allowed: 0–${newest}; "holdfast document history ${of.type.name}" lists them.`,
  );
}

async function newestKept(store: DocumentStore, type: DocumentType): Promise<number> {
  return (await store.history({ type: type.name, count: 1 }, LIMIT))[0]?.edition.version ?? 0;
}
