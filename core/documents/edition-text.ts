/**
 * An edition as text, as it lies in the arbiter, on disk and on the wire: the body stands in it as text of its own, so that its
 * checksum is compared before anything in it is believed.
 */
import { invalid } from '../errors.ts';
import { shown } from '../ids.ts';
import { canonicalJson, checksumOf } from './canonical-json.ts';
import type { DocumentType, Edition } from './document-type.ts';
import { parseGuarded } from './guarded-json.ts';
import { readBody } from './judge-document.ts';
import { readInteger, readMembers, readText } from './read-body.ts';

/** Besides the body. */
const ENVELOPE_BYTES_MAX = 4 * 1024;
export const BY_LENGTH_MAX = 100;
export const WHY_LENGTH_MAX = 500;

const MEMBERS = ['type', 'version', 'body', 'checksum', 'by', 'why', 'publishedAtMs'] as const;
const ANY_TEXT = { form: /^[\s\S]{0,500}$/, allowed: 'text of at most 500 characters' };
export const VERSION = { min: 1, max: 999_999_999 };

/** Quotes double in a text that stands inside a text. */
export const editionBytesMax = ({ bytesMax }: DocumentType): number => bytesMax * 2 + ENVELOPE_BYTES_MAX;

export function encodeEdition(edition: Edition): string {
  return JSON.stringify({ ...edition, body: canonicalJson(edition.body) });
}

/** Throws `INVALID_INPUT`: damaged, of another type, or not what its type allows. */
export function decodeEdition(text: string, type: DocumentType): Edition {
  const members = readMembers(parseGuarded(text, { bytesMax: editionBytesMax(type) }), {
    path: 'edition',
    required: MEMBERS,
  });
  const read = (name: (typeof MEMBERS)[number]) =>
    readText(members.get(name), { path: `edition.${name}`, ...ANY_TEXT });
  const checksum = read('checksum');
  // As long as its type allows, which is checked when it is read.
  const body = readText(members.get('body'), { path: 'edition.body', form: /^/, allowed: 'text' });
  if (members.get('type') !== type.name)
    throw invalid(`An edition of ${shown(members.get('type'))}. Allowed: ${type.name}.`);
  const seen = checksumOf(body);
  if (seen !== checksum) throw invalid(`Checksum ${shown(checksum)}, of the content: ${seen}. Damaged on its way.`);
  return {
    type: type.name,
    version: readInteger(members.get('version'), { path: 'edition.version', ...VERSION }),
    body: readBody(type, body),
    ...{ checksum, by: read('by'), why: read('why') },
    publishedAtMs: readInteger(members.get('publishedAtMs'), {
      path: 'edition.publishedAtMs',
      ...{ min: 0, max: Number.MAX_SAFE_INTEGER },
    }),
  };
}
