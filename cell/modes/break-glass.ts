/**
 * Break-glass: modes that a person lays over the published ones on this very host, for the hour in which nothing can be
 * published. Checked as a document is. Invariant: it only ever takes away (docs/decisions/modes-break-glass-only-takes-away.md);
 * what can't be used changes nothing, and the status says why.
 */
import type { Documents, DocumentType, RunningEdition } from '../../core/documents/document-type.ts';
import { parseGuarded } from '../../core/documents/guarded-json.ts';
import { toPlatformError } from '../../core/errors.ts';
import type { ModesBody } from '../../core/modes/modes-document.ts';
import { modesType } from '../../core/modes/modes-type.ts';

export interface BreakGlassStatus {
  /** What is laid over the published ones; `null`: nothing. Names of other cells, too, as one file is for the host. */
  readonly body: ModesBody | null;
  /** Why what lies there was not taken; `null`: nothing lies there, or it was. */
  readonly refused: string | null;
}

export class BreakGlass {
  #text: string | null = null;
  #body: ModesBody | null = null;
  #refused: string | null = null;

  get body(): ModesBody | null {
    return this.#body;
  }

  /** What lies there now; `null`: nothing, so nothing is laid over any more. Never throws. */
  take(text: string | null): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#refused = null;
    if (text === null) {
      this.#body = null;
      return;
    }
    try {
      this.#body = modesType.parse(parseGuarded(text, modesType));
    } catch (thrown) {
      this.refuse(toPlatformError(thrown).message);
    }
  }

  /** Something lies there that can't be used: what was taken before goes on, for half a file must not open what is closed. */
  refuse(reason: string): void {
    this.#refused = reason;
  }

  status(): BreakGlassStatus {
    return { body: this.#body, refused: this.#refused };
  }
}

/** The documents with the glass over them: settings of both hold, which leaves of each operation what both leave. */
export function withBreakGlass(documents: Documents, glass: BreakGlass): Documents {
  let laid: { readonly under: ModesBody; readonly over: ModesBody; readonly body: ModesBody } | null = null;
  const together = (under: ModesBody, over: ModesBody): ModesBody => {
    if (laid?.under !== under || laid.over !== over) laid = { under, over, body: joined(under, over) };
    return laid.body;
  };
  return {
    current: <Body>(type: DocumentType<Body>): RunningEdition<Body> => {
      const running = documents.current(type);
      if (type.name !== modesType.name || glass.body === null) return running;
      const { version, body } = documents.current(modesType);
      // Of the type that was asked for: there is one of this name.
      return { version, body: together(body, glass.body), source: 'break-glass' } as RunningEdition<Body>;
    },
  };
}

/** Longer than a document may be; it is none, nobody parses it. */
function joined(under: ModesBody, over: ModesBody): ModesBody {
  return { levels: [...over.levels, ...under.levels], switches: [...over.switches, ...under.switches] };
}
