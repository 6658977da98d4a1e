/**
 * A shelf of documents as somebody writes it who gets past the publishing end: the right form, the right checksums, and whatever
 * body. For drills that ask what consumers do by themselves.
 */
import { canonicalJson, checksumOf } from '../core/documents/canonical-json.ts';
import type { DocumentType, Edition, Shelf } from '../core/documents/document-type.ts';
import { decodeShelf, emptyShelf, encodeShelf } from '../core/documents/shelf-text.ts';
import type { CellId } from '../core/ids.ts';
import type { Lab } from './lab.ts';

export class ForgedShelf {
  readonly #lab: Lab;
  /** As it was before anything was forged. */
  readonly before: Shelf;
  #now: Shelf;

  private constructor(lab: Lab, before: Shelf) {
    this.#lab = lab;
    this.before = before;
    this.#now = before;
  }

  static async open(lab: Lab, type: DocumentType): Promise<ForgedShelf> {
    const raw = await lab.operator.readShelf(type.name);
    return new ForgedShelf(lab, raw === null ? emptyShelf(type.name) : decodeShelf(raw, type));
  }

  /** Of the content, whatever it is; versions go on from what was published. */
  edition(body: unknown, version: number): Edition {
    const { clock } = this.#lab;
    const checksum = checksumOf(canonicalJson(body));
    return {
      ...{ type: this.before.type, version, body, checksum, by: 'generator', why: 'every five minutes' },
      publishedAtMs: clock.wallMs(),
    };
  }

  /** In one cell first, as a staged one would go. */
  stage(edition: Edition, cells: readonly CellId[]): Promise<void> {
    return this.#write({ stable: this.#now.stable, staged: { edition, cells } });
  }

  everywhere(edition: Edition): Promise<void> {
    return this.#write({ stable: edition, staged: null });
  }

  async #write(change: Pick<Shelf, 'stable' | 'staged'>): Promise<void> {
    this.#now = { ...this.#now, ...change, recordVersion: this.#now.recordVersion + 1 };
    await this.#lab.operator.forgeShelf(this.before.type, encodeShelf(this.#now));
  }
}
