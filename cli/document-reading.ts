/** The `document` commands that change nothing. */
import { readFile } from 'node:fs/promises';
import { text as streamText } from 'node:stream/consumers';
import { documentRefused } from '../control/documents/publishing.ts';
import type { DocumentType } from '../core/documents/document-type.ts';
import { diffJson } from '../core/documents/json-diff.ts';
import { PUBLISHED_NAMES } from '../core/documents/placement-document.ts';
import { invalid } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { differencesText, historyText, judgementText, listText, type TypeRow } from './document-text.ts';
import { EXIT } from './exit-code.ts';
import { unknownName } from './nearest.ts';
import type { DocumentOperator } from './services.ts';
import type { Call, Outcome } from './shell.ts';

/** More than a person reads; `--json` has as many. */
const HISTORY_MAX = 100;

export async function list(call: Call, operator: DocumentOperator): Promise<Outcome> {
  const rows = await call.progress('asking the arbiter and the cells', () =>
    Promise.all(operator.types.map((type) => rowOf(type, operator))),
  );
  return { text: listText(rows, call.terminal.outColours), json: { types: rows } };
}

export async function show(call: Call, operator: DocumentOperator): Promise<Outcome> {
  const type = typeOf(call, operator);
  const { version, body } = await chosen(call, { operator, type });
  return { text: JSON.stringify(body, null, 2), json: { type: type.name, version, body } };
}

export async function history(call: Call, operator: DocumentOperator): Promise<Outcome> {
  const type = typeOf(call, operator);
  const [shelf, editions] = await Promise.all([operator.shelf(type), operator.history(type, HISTORY_MAX)]);
  const lines = editions.map(({ edition: { body: _body, ...edition }, ...kept }) => ({ ...edition, ...kept }));
  const inForce = { stable: shelf.stable?.version ?? 0, staged: shelf.staged?.edition.version ?? null };
  return {
    text: historyText(lines, inForce, call.terminal.outColours),
    json: { type: type.name, ...inForce, editions: lines },
  };
}

export async function validate(call: Call, operator: DocumentOperator): Promise<Outcome> {
  const type = typeOf(call, operator);
  const plan = await operator.plan({ type, text: await fileOf(call, type), why: 'validate', force: false });
  const { bytes, checksum, warnings, objections } = plan.judgement;
  const isValid = objections.length === 0;
  return {
    text: judgementText(plan, call.terminal.outColours),
    json: { type: type.name, valid: isValid, road: plan.road, bytes, checksum, warnings, objections },
    exitCode: isValid ? EXIT.done : EXIT.refused,
  };
}

export async function compare(call: Call, operator: DocumentOperator): Promise<Outcome> {
  const type = typeOf(call, operator);
  if (call.args[1] !== undefined) {
    const plan = await operator.plan({ type, text: await fileOf(call, type), why: 'diff', force: false });
    const { differences } = plan;
    return { text: differencesText(differences), json: { type: type.name, from: plan.before.version, differences } };
  }
  if (call.options.at === undefined) throw invalid('Nothing to compare with. Name a file, or an edition with --at.');
  const { stable } = await operator.shelf(type);
  const other = await chosen(call, { operator, type });
  const differences = diffJson((stable?.body ?? type.bundled) as Json, other.body as Json);
  const json = { type: type.name, from: stable?.version ?? 0, to: other.version, differences };
  return { text: differencesText(differences), json };
}

/** Throws `INVALID_INPUT` with the nearest name. */
export function typeOf({ args: [name = ''] }: Call, { types }: Pick<DocumentOperator, 'types'>): DocumentType {
  const type = types.find((known) => known.name === name);
  if (type) return type;
  throw unknownName('type of document', name, PUBLISHED_NAMES);
}

/** Throws `DOCUMENT_REFUSED` for what no document of the type can be as long as. */
export async function fileOf({ args: [, path = ''] }: Call, type: DocumentType): Promise<string> {
  const bytesMax = type.bytesMax * 16;
  const text = path === '-' ? await streamText(process.stdin) : await readFile(path, 'utf8').catch(unreadable(path));
  if (text.length <= bytesMax) return text;
  throw documentRefused(
    `${path} has ${text.length} characters; a document ${type.name} takes ${type.bytesMax} bytes at most.`,
  );
}

async function rowOf(type: DocumentType, operator: DocumentOperator): Promise<TypeRow> {
  const shelf = await operator.shelf(type);
  const { stable, staged } = shelf;
  const cells = await Promise.all(
    operator.topology.cells.map(async ({ id: cell }) => ({ cell, regions: await operator.running(type, cell) })),
  );
  return {
    ...{ name: type.name, summary: type.summary, staging: type.staging, version: stable?.version ?? 0 },
    by: stable?.by ?? null,
    why: stable?.why ?? null,
    publishedAtMs: stable?.publishedAtMs ?? null,
    staged: staged && { version: staged.edition.version, cells: staged.cells },
    cells,
  };
}

async function chosen(
  { options: { at } }: Call,
  { operator, type }: { readonly operator: DocumentOperator; readonly type: DocumentType },
): Promise<{ readonly version: number; readonly body: unknown }> {
  if (typeof at === 'number' && at > 0) return (await operator.edition(type, at)).edition;
  const stable = at === 0 ? null : (await operator.shelf(type)).stable;
  return stable ?? { version: 0, body: type.bundled };
}

const unreadable = (path: string) => (thrown: NodeJS.ErrnoException) => {
  throw invalid(`${path} can't be read (${thrown.code ?? thrown.message}). Name a file, or - for stdin.`);
};
