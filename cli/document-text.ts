/** Documents for people. */
import type { SeenEdition } from '../control/documents/document-eyes.ts';
import type { KeptEdition } from '../control/documents/document-store.ts';
import type { PublishPlan } from '../control/documents/publishing.ts';
import type { Edition } from '../core/documents/document-type.ts';
import { type Difference, diffText } from '../core/documents/json-diff.ts';
import type { CellId } from '../core/ids.ts';
import type { Colours } from './terminal.ts';
import { textTable } from './text-table.ts';

export interface TypeRow {
  readonly name: string;
  readonly summary: string;
  readonly staging: 'waves' | 'at-once';
  /** 0: the bundled default. */
  readonly version: number;
  readonly by: string | null;
  readonly why: string | null;
  readonly publishedAtMs: number | null;
  readonly staged: { readonly version: number; readonly cells: readonly CellId[] } | null;
  readonly cells: readonly { readonly cell: CellId; readonly regions: readonly SeenEdition[] }[];
}

export type HistoryLine = Omit<Edition, 'body'> & Omit<KeptEdition, 'edition'>;

const DIFFERENCES_SHOWN_MAX = 60;

export function listText(rows: readonly TypeRow[], colours: Colours): string {
  const columns = ['TYPE', 'IN FORCE', 'ON ITS WAY', 'CELLS RUN', 'SINCE, BY, WHY'].map((title) => ({ title }));
  const lines = rows.map((row) => [
    row.name,
    versionText(row.version),
    row.staged ? colours.yellow(`${row.staged.version} (${row.staged.cells.join(', ')})`) : '–',
    runText(row, colours),
    row.publishedAtMs === null ? '–' : `${when(row.publishedAtMs)}, ${row.by}: ${row.why}`,
  ]);
  return textTable(columns, lines);
}

function runText({ cells, version, staged }: TypeRow, { yellow, red }: Colours): string {
  const all = cells.flatMap(({ cell, regions }) =>
    regions.map((seen) => ({ ...seen, place: `${cell}@${seen.region}` })),
  );
  const refused = all.filter((seen) => seen.refused !== null);
  const other = all.filter((seen) => seen.version !== version && seen.version !== staged?.version);
  const parts = [
    ...(other.length > 0 ? [yellow(other.map((seen) => `${seen.place} ${seen.version ?? 'silent'}`).join(', '))] : []),
    ...refused.map(({ place, refused: last }) => red(`${place} refused ${last?.version ?? 'one'}: ${last?.reason}`)),
  ];
  return parts.length > 0 ? parts.join('; ') : all.length > 0 ? 'the same' : 'not known';
}

export function historyText(
  lines: readonly HistoryLine[],
  inForce: { readonly stable: number; readonly staged: number | null },
  colours: Colours,
): string {
  if (lines.length === 0) return 'Nothing was ever published: every process runs the bundled default.';
  return lines.map((line) => editionText(line, inForce, colours)).join('\n\n');
}

function editionText(
  line: HistoryLine,
  { stable, staged }: { stable: number; staged: number | null },
  colours: Colours,
) {
  const { version, by, why, publishedAtMs, follows, restores, diff, forced } = line;
  const mark =
    version === stable ? colours.green(' in force') : version === staged ? colours.yellow(' on its way') : '';
  const from = restores === null ? `follows ${versionText(follows)}` : `brings back ${versionText(restores)}`;
  return [
    `${colours.bold(`${line.type}@${version}`)}${mark}  ${when(publishedAtMs)}  ${by}: ${why}  (${from})`,
    ...forced.map((objection) => colours.yellow(`  forced: ${objection}`)),
    ...diff.split('\n').map((each) => `  ${each}`),
  ].join('\n');
}

export function judgementText(
  { judgement, road, before, differences }: PublishPlan,
  { red, yellow, green }: Colours,
): string {
  const { bytes, warnings, objections } = judgement;
  const verdict = objections.length === 0 ? green('valid') : red('not publishable as it is');
  return [
    `${verdict}: ${bytes} bytes, ${differences.length} changes against ${versionText(before.version)}, ${ROADS[road]}`,
    ...warnings.map((warning) => yellow(`warning: ${warning}`)),
    ...objections.map(({ kind, message }) => red(`${kind === 'delta' ? 'too much at once' : 'wrong'}: ${message}`)),
  ].join('\n');
}

export function differencesText(differences: readonly Difference[]): string {
  return differences.length === 0 ? 'no difference' : diffText(differences, DIFFERENCES_SHOWN_MAX);
}

const ROADS: Readonly<Record<PublishPlan['road'], string>> = {
  unchanged: 'nothing to publish',
  'at-once': 'would go everywhere at once',
  waves: 'would go wave by wave',
};

const versionText = (version: number) => (version === 0 ? 'bundled' : String(version));
const when = (atMs: number) => new Date(atMs).toISOString();
