/**
 * The rules of a topology, one function for each part. Each reads what it can and reports the rest, so that a person
 * corrects a configuration once and not mistake by mistake. A part that is wrong is left out of the checks built on it.
 */
import { type CellId, cellId, type RegionName, regionName } from './ids.ts';
import type { CellSpec, Topology } from './topology.ts';
import { readAutomation } from './topology-automation.ts';
import { readAws } from './topology-aws.ts';
import { type Finding, TopologyReader } from './topology-reader.ts';

export const REGIONS_MAX = 8;
export const CELLS_MAX = 1_000;
export const WEIGHT_MAX = 100;
export const WRITES_PER_SECOND_MAX = 10_000;
/** What a cell is sized for when its specification does not say. */
export const WRITES_PER_SECOND_DEFAULT = 100;
/** Below this, scheduling hiccups of a busy machine look like a dead region. */
export const LEASE_TTL_MS_MIN = 300;
/** Above this, a lost region is away for longer than people wait before they improvise. */
export const LEASE_TTL_MS_MAX = 60_000;
export const LEASE_RENEW_MS_MIN = 50;
/** Three tries fit into a lease, so one lost renewal costs nothing. */
export const LEASE_RENEWALS_MIN = 3;

const TOPOLOGY_KEYS = ['regions', 'arbiter', 'cells', 'waves', 'lease', 'peerLoss', 'automation', 'aws'];
const CELL_KEYS = ['id', 'home', 'standby', 'weight', 'intake', 'writesPerSecondMax'];
const CELL_FORM = { parse: cellId, allowed: '1–32 of a–z 0–9 -, begins with a letter' };
const REGION_FORM = { parse: regionName, allowed: '2–32 of a–z 0–9 -, begins with a letter' };

export function readTopology(input: unknown): { topology: Topology | null; findings: readonly Finding[] } {
  const reader = new TopologyReader();
  const fields = reader.object('topology', input, TOPOLOGY_KEYS);
  if (!fields) return { topology: null, findings: reader.findings };
  const regions = readRegions(reader, fields.get('regions'));
  const arbiter = readArbiter(reader, { value: fields.get('arbiter'), regions });
  const cells = readCells(reader, { value: fields.get('cells'), regions });
  const waves = readWaves(reader, { value: fields.get('waves'), cells });
  const lease = readLease(reader, fields.get('lease'));
  const peerLoss = reader.choice('peerLoss', fields.get('peerLoss'), ['continue', 'refuse'] as const);
  const automation = readAutomation(reader, { value: fields.get('automation'), lease });
  const aws = readAws(reader, fields.get('aws'));
  if (!regions || !arbiter || !cells || !waves || !lease || !peerLoss || !automation || !aws)
    return { topology: null, findings: reader.findings };
  return { topology: { regions, arbiter, cells, waves, lease, peerLoss, automation, aws }, findings: reader.findings };
}

function readRegions(reader: TopologyReader, value: unknown): readonly RegionName[] | null {
  const entries = reader.list('regions', value, { min: 2, max: REGIONS_MAX });
  if (!entries) return null;
  const regions = entries.map((entry, index) => reader.name(`regions[${index}]`, entry, REGION_FORM));
  reportRepeats(reader, { path: 'regions', names: regions });
  return allOf(regions);
}

function readArbiter(
  reader: TopologyReader,
  { value, regions }: { value: unknown; regions: readonly RegionName[] | null },
): Topology['arbiter'] | null {
  const fields = reader.object('arbiter', value, ['replicas', 'witness']);
  if (!fields) return null;
  // The store that keeps leases is strongly consistent over two replicas and one witness: exactly that many.
  const entries = reader.list('arbiter.replicas', fields.get('replicas'), { min: 2, max: 2 });
  const replicas = entries?.map((entry, index) =>
    readRegion(reader, { path: `arbiter.replicas[${index}]`, value: entry, regions }),
  );
  reportRepeats(reader, { path: 'arbiter.replicas', names: replicas ?? [] });
  const witness = reader.name('arbiter.witness', fields.get('witness'), REGION_FORM);
  if (witness && replicas?.includes(witness)) {
    reader.report('arbiter.witness', {
      problem: 'is one of the replicas',
      value: witness,
      allowed: 'a third region, so that a majority survives the loss of any one',
    });
  }
  const known = replicas ? allOf(replicas) : null;
  return known && witness ? { replicas: known, witness } : null;
}

function readCells(
  reader: TopologyReader,
  { value, regions }: { value: unknown; regions: readonly RegionName[] | null },
): readonly CellSpec[] | null {
  const entries = reader.list('cells', value, { min: 1, max: CELLS_MAX });
  if (!entries) return null;
  const cells = entries.map((entry, index) => readCell(reader, { path: `cells[${index}]`, value: entry, regions }));
  reportRepeats(reader, { path: 'cells', names: cells.map((cell) => cell?.id ?? null), suffix: '.id' });
  return allOf(cells);
}

function readCell(
  reader: TopologyReader,
  { path, value, regions }: { path: string; value: unknown; regions: readonly RegionName[] | null },
): CellSpec | null {
  const fields = reader.object(path, value, CELL_KEYS);
  if (!fields) return null;
  const id = reader.name(`${path}.id`, fields.get('id'), CELL_FORM);
  const home = readRegion(reader, { path: `${path}.home`, value: fields.get('home'), regions });
  const standby = readRegion(reader, { path: `${path}.standby`, value: fields.get('standby'), regions });
  if (home && home === standby) {
    const others = (regions ?? []).filter((region) => region !== home);
    reader.report(`${path}.standby`, { problem: 'is the home region too', value: standby, allowed: others.join(', ') });
  }
  const weight = reader.integer(`${path}.weight`, fields.get('weight') ?? 1, { min: 1, max: WEIGHT_MAX });
  const intake = reader.choice(`${path}.intake`, fields.get('intake') ?? 'open', ['open', 'draining'] as const);
  const writesPerSecondMax = reader.integer(
    `${path}.writesPerSecondMax`,
    fields.get('writesPerSecondMax') ?? WRITES_PER_SECOND_DEFAULT,
    { min: 1, max: WRITES_PER_SECOND_MAX },
  );
  if (!id || !home || !standby || !weight || !intake || !writesPerSecondMax) return null;
  return { id, home, standby, weight, intake, writesPerSecondMax };
}

function readWaves(
  reader: TopologyReader,
  { value, cells }: { value: unknown; cells: readonly CellSpec[] | null },
): readonly (readonly CellId[])[] | null {
  const entries = reader.list('waves', value, { min: 1, max: CELLS_MAX });
  if (!entries) return null;
  const known = new Map<CellId, string | null>((cells ?? []).map((cell) => [cell.id, null]));
  const waves = entries.map((entry, index) => {
    const path = `waves[${index}]`;
    const wave = reader.list(path, entry, { min: 1, max: CELLS_MAX });
    return wave
      ? allOf(wave.map((id, at) => readWaveCell(reader, { path: `${path}[${at}]`, value: id, known: cells && known })))
      : null;
  });
  const missing = [...known].filter(([, at]) => at === null).map(([id]) => id);
  if (missing.length > 0) {
    reader.report('waves', {
      problem: `leave out ${missing.slice(0, 8).join(', ')}`,
      value,
      allowed: 'every cell exactly once',
    });
  }
  return allOf(waves);
}

function readWaveCell(
  reader: TopologyReader,
  { path, value, known }: { path: string; value: unknown; known: Map<CellId, string | null> | null },
): CellId | null {
  const id = reader.name(path, value, CELL_FORM);
  if (!id || !known) return id;
  const earlier = known.get(id);
  if (earlier === undefined) {
    reader.report(path, {
      problem: 'names an unknown cell',
      value: id,
      allowed: [...known.keys()].slice(0, 16).join(', '),
    });
  } else if (earlier !== null) {
    reader.report(path, { problem: `repeats the cell of ${earlier}`, value: id, allowed: 'every cell exactly once' });
  } else {
    known.set(id, path);
  }
  return id;
}

function readLease(reader: TopologyReader, value: unknown): Topology['lease'] | null {
  const fields = reader.object('lease', value, ['ttlMs', 'renewEveryMs']);
  if (!fields) return null;
  const ttlMs = reader.integer('lease.ttlMs', fields.get('ttlMs'), { min: LEASE_TTL_MS_MIN, max: LEASE_TTL_MS_MAX });
  const renewMsMax = Math.floor((ttlMs ?? LEASE_TTL_MS_MAX) / LEASE_RENEWALS_MIN);
  const renewEveryMs = reader.integer('lease.renewEveryMs', fields.get('renewEveryMs'), {
    min: LEASE_RENEW_MS_MIN,
    max: renewMsMax,
  });
  return ttlMs && renewEveryMs ? { ttlMs, renewEveryMs } : null;
}

function readRegion(
  reader: TopologyReader,
  { path, value, regions }: { path: string; value: unknown; regions: readonly RegionName[] | null },
): RegionName | null {
  return regions ? reader.choice(path, value, regions) : reader.name(path, value, REGION_FORM);
}

function reportRepeats(
  reader: TopologyReader,
  { path, names, suffix = '' }: { path: string; names: readonly (string | null)[]; suffix?: string },
): void {
  const seen = new Map<string, number>();
  names.forEach((name, index) => {
    if (name === null) return;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else {
      const problem = `repeats ${path}[${first}]${suffix}`;
      reader.report(`${path}[${index}]${suffix}`, { problem, value: name, allowed: 'each name once' });
    }
  });
}

function allOf<T>(values: readonly (T | null)[]): readonly T[] | null {
  const present = values.filter((value): value is T => value !== null);
  return present.length === values.length ? present : null;
}
