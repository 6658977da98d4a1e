/**
 * The checks that a document passes before it is an edition, cheapest first: size, JSON, schema at both ends; topology and limits
 * of change at the publishing end, which alone knows what it would follow (a consumer may have missed editions between).
 */
import type { Topology } from '../topology.ts';
import { canonicalJson, checksumOf } from './canonical-json.ts';
import type { DocumentType, Objection } from './document-type.ts';
import { checkSize, parseGuarded } from './guarded-json.ts';

/** A warning from here on leaves time to act before the limit refuses. */
const WARNING_RATIO = 0.8;
/** As a person types it, with blanks, a document is longer than its canonical text. */
const BLANKS_FACTOR = 4;
/** A document beyond the size of a few lines that doubles at once was written twice, more often than not. */
const GROWTH = { bytesFrom: 4 * 1024, factorMax: 2 };

export interface Judgement {
  readonly body: unknown;
  /** Canonical. */
  readonly text: string;
  readonly checksum: string;
  readonly bytes: number;
  readonly warnings: readonly string[];
  /** None: it may be published. */
  readonly objections: readonly Objection[];
}

/** Throws `INVALID_INPUT` for what is no such document at all. */
export function judgeDocument(
  type: DocumentType,
  given: { readonly text: string; readonly before: unknown; readonly topology: Topology; readonly nowMs?: number },
): Judgement {
  const { text: _text, ...context } = given;
  const { before } = context;
  const body = type.parse(parseGuarded(given.text, { bytesMax: type.bytesMax * BLANKS_FACTOR }));
  const text = canonicalJson(body);
  const bytes = checkSize(text, type.bytesMax);
  const share = Math.round((100 * bytes) / type.bytesMax);
  const warnings =
    bytes >= type.bytesMax * WARNING_RATIO ? [`${bytes} bytes: ${share} % of the limit of ${type.bytesMax}.`] : [];
  const objections = [...growth(bytes, canonicalJson(before).length), ...type.check(body, context)];
  return { body, text, checksum: checksumOf(text), bytes, warnings, objections };
}

/** What a consumer makes of an edition's text. Throws `INVALID_INPUT`. */
export function readBody(type: DocumentType, text: string): unknown {
  return type.parse(parseGuarded(text, type));
}

function growth(bytes: number, bytesBefore: number): readonly Objection[] {
  if (bytes < GROWTH.bytesFrom || bytes <= bytesBefore * GROWTH.factorMax) return [];
  const message = `The document grows from ${bytesBefore} to ${bytes} bytes. Allowed in one edition: a factor of ${GROWTH.factorMax}.`;
  return [{ kind: 'delta', message }];
}
