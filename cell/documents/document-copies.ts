/**
 * The documents that this process runs, by type, in memory. Invariant: the version of a type only grows while the process
 * lives, and what does not pass the type's own checks changes nothing, so whoever reads here never sees half a document.
 */
import type { Documents, DocumentType, Edition, RunningEdition } from '../../core/documents/document-type.ts';
import { invalid, toPlatformError } from '../../core/errors.ts';

/** What a person wants to know of one type in one process. */
export interface DocumentStatus {
  readonly version: number;
  readonly source: RunningEdition['source'];
  /** The last one that was not taken, and why; `null`: none since the start. */
  readonly lastRefused: { readonly version: number | null; readonly reason: string } | null;
}

interface Copy {
  readonly type: DocumentType;
  readonly running: RunningEdition;
  /** `null`: the bundled default, which has none. */
  readonly edition: Edition | null;
  readonly lastRefused: DocumentStatus['lastRefused'];
}

export class DocumentCopies implements Documents {
  readonly #copies: Map<string, Copy>;

  constructor(types: readonly DocumentType[]) {
    this.#copies = new Map(types.map((type) => [type.name, bundledCopy(type)]));
  }

  /** A type that this release does not list is at its bundled default. */
  current<Body>(type: DocumentType<Body>): RunningEdition<Body> {
    const running = this.#copies.get(type.name)?.running;
    // Taken through the very type of that name, and nothing else puts one there.
    return (running as RunningEdition<Body> | undefined) ?? bundled(type);
  }

  /** Never throws. `same`: runs already; `refused`: keeps what it has, and the status says why. */
  take(offered: Edition, source: 'kept' | 'published'): 'taken' | 'same' | 'refused' {
    const copy = this.#copies.get(offered.type);
    // Of a release that is newer than this one.
    if (copy === undefined) return 'refused';
    const { edition } = copy;
    if (edition?.version === offered.version && edition.checksum === offered.checksum) {
      if (source !== copy.running.source) this.#put({ ...copy, running: { ...copy.running, source } });
      return 'same';
    }
    try {
      const { version } = offered;
      refuseOlder(copy, version);
      const running = { version, body: copy.type.parse(offered.body), source };
      this.#put({ ...copy, running, edition: offered });
      return 'taken';
    } catch (thrown) {
      this.refuse(offered.type, { version: offered.version, reason: toPlatformError(thrown).message });
      return 'refused';
    }
  }

  /** Notes what could not even be read as an edition. */
  refuse(type: string, lastRefused: NonNullable<DocumentStatus['lastRefused']>): void {
    const copy = this.#copies.get(type);
    if (copy) this.#put({ ...copy, lastRefused });
  }

  /** What should outlive the process. */
  get editions(): readonly Edition[] {
    return [...this.#copies.values()].flatMap(({ edition }) => (edition === null ? [] : [edition]));
  }

  status(): Readonly<Record<string, DocumentStatus>> {
    const entries = [...this.#copies.values()].map(({ type, running, lastRefused }) => {
      const { version, source } = running;
      return [type.name, { version, source, lastRefused }] as const;
    });
    return Object.fromEntries(entries);
  }

  #put(copy: Copy): void {
    this.#copies.set(copy.type.name, copy);
  }
}

function bundled<Body>(type: DocumentType<Body>): RunningEdition<Body> {
  return { version: 0, body: type.bundled, source: 'bundled' };
}

function bundledCopy(type: DocumentType): Copy {
  return { type, running: bundled(type), edition: null, lastRefused: null };
}

function refuseOlder({ running }: Copy, version: number): void {
  if (version > running.version) return;
  const what = version === running.version ? 'came twice with different content' : `is older than ${running.version}`;
  throw invalid(`Version ${version} ${what}. Allowed: a version above ${running.version}.`);
}
