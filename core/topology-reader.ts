/**
 * Reads data that nobody has checked yet, and collects what is wrong instead of stopping at the first mistake. Only own
 * data properties are looked at, so an inherited or computed one can neither stand for a setting nor run code.
 */
import { shown } from './ids.ts';

export interface Finding {
  /** Where: `cells[1].home`. */
  readonly path: string;
  readonly problem: string;
  readonly seen: string;
  readonly allowed: string;
}

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** More than a person reads at once; the rest is counted. */
const FINDINGS_SHOWN_MAX = 40;
/** Of one object's unknown keys, so that hostile input can't make a report of its own size. */
const UNKNOWN_KEYS_SHOWN_MAX = 8;

export class TopologyReader {
  readonly findings: Finding[] = [];

  report(path: string, finding: { problem: string; value: unknown; allowed: string }): void {
    this.findings.push({ path, problem: finding.problem, seen: shown(finding.value), allowed: finding.allowed });
  }

  /** The named own properties of an object; `null` (and a finding) when it is none. Unknown keys are findings. */
  object(path: string, value: unknown, keys: readonly string[]): ReadonlyMap<string, unknown> | null {
    const allowed = `an object with ${keys.join(', ')}`;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.report(path, { problem: 'is not an object', value, allowed });
      return null;
    }
    const unknown = Reflect.ownKeys(value).filter((key) => typeof key === 'symbol' || !keys.includes(key));
    for (const key of unknown.slice(0, UNKNOWN_KEYS_SHOWN_MAX)) {
      this.report(path, { problem: 'has an unknown key', value: String(key), allowed: keys.join(', ') });
    }
    const fields = new Map<string, unknown>();
    for (const key of keys) {
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (!property || property.value === undefined) continue;
      fields.set(key, property.value);
    }
    return fields;
  }

  list(path: string, value: unknown, length: IntegerRange): readonly unknown[] | null {
    const allowed = `a list of ${length.min}–${length.max} entries`;
    if (!Array.isArray(value)) {
      this.report(path, { problem: isMissing(value) ? 'is missing' : 'is not a list', value, allowed });
      return null;
    }
    if (value.length < length.min || value.length > length.max) {
      this.report(path, { problem: 'has a length that is not allowed', value: value.length, allowed });
      return null;
    }
    return Array.from(value);
  }

  integer(path: string, value: unknown, range: IntegerRange): number | null {
    if (typeof value === 'number' && Number.isInteger(value) && value >= range.min && value <= range.max) return value;
    this.report(path, {
      problem: isMissing(value) ? 'is missing' : 'is out of bounds',
      value,
      allowed: `an integer from ${range.min} to ${range.max}`,
    });
    return null;
  }

  choice<T extends string>(path: string, value: unknown, choices: readonly T[]): T | null {
    const choice = choices.find((candidate) => candidate === value);
    if (choice !== undefined) return choice;
    const problem = isMissing(value) ? 'is missing' : 'is unknown';
    this.report(path, { problem, value, allowed: choices.length > 0 ? choices.join(', ') : 'nothing (none is valid)' });
    return null;
  }

  /** What `parse` makes of the value; what it throws is a finding. */
  name<T extends string>(
    path: string,
    value: unknown,
    form: { parse: (value: unknown) => T; allowed: string },
  ): T | null {
    try {
      return form.parse(value);
    } catch {
      // The parser's own message lacks the path, so it is said again here.
      this.report(path, { problem: isMissing(value) ? 'is missing' : 'is malformed', value, allowed: form.allowed });
      return null;
    }
  }
}

export function describeFindings(findings: readonly Finding[]): string {
  const lines = findings
    .slice(0, FINDINGS_SHOWN_MAX)
    .map(({ path, problem, seen, allowed }) => `  ${path} ${problem}; seen: ${seen}; allowed: ${allowed}`);
  const hidden = findings.length - lines.length;
  return [...lines, ...(hidden > 0 ? [`  … and ${hidden} more`] : [])].join('\n');
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}
