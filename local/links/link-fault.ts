/** A fault of a link, as it is asked for; checked here once for every caller. What a link does with it: `fault-link.ts`. */
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';

/** `up`: from the link's `from` to its `to` (requests); `down`: back (responses). */
export type FlowDirection = 'up' | 'down';

export interface LinkFault {
  readonly direction: 'both' | FlowDirection;
  /** Added to every chunk of bytes in the direction. */
  readonly latencyMs?: number;
  /** Uniform in [0, jitterMs], added on top; the order of the bytes is kept. */
  readonly jitterMs?: number;
  /** Share of the chunks that a lossy path drops, 0–1; as TCP shows it: late, never missing (`retransmission.ts`). */
  readonly lossRatio?: number;
  /** A partition: bytes are held, connections hang. What was held is delivered after the heal, late. */
  readonly cut?: boolean;
  /** Connections are refused, existing ones are reset. Has no direction. */
  readonly reset?: boolean;
}

/** Above a minute of delay one means a cut. */
export const LINK_DELAY_MS_MAX = 60_000;

const DIRECTIONS: readonly string[] = ['both', 'up', 'down'];
const FIELDS: readonly string[] = ['direction', 'latencyMs', 'jitterMs', 'lossRatio', 'cut', 'reset'];

export function parseLinkFault(value: unknown): LinkFault {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`Not a link fault: ${shown(value)}. Allowed: an object with some of ${FIELDS.join(', ')}.`);
  }
  const given = value as Readonly<Record<string, unknown>>;
  const unknownField = Object.keys(given).find((field) => !FIELDS.includes(field));
  if (unknownField !== undefined) {
    throw invalid(`A link fault has no field ${shown(unknownField)}. Allowed: ${FIELDS.join(', ')}.`);
  }
  const direction = given.direction ?? 'both';
  if (typeof direction !== 'string' || !DIRECTIONS.includes(direction)) {
    throw invalid(`Not a direction of a link fault: ${shown(direction)}. Allowed: ${DIRECTIONS.join(', ')}.`);
  }
  const fault: LinkFault = {
    direction: direction as LinkFault['direction'],
    latencyMs: delay(given, 'latencyMs'),
    jitterMs: delay(given, 'jitterMs'),
    lossRatio: ratio(given, 'lossRatio'),
    cut: flag(given, 'cut'),
    reset: flag(given, 'reset'),
  };
  if (!fault.latencyMs && !fault.jitterMs && !fault.lossRatio && !fault.cut && !fault.reset) {
    throw invalid(
      `The link fault ${shown(value)} does nothing. Name at least one of latencyMs, jitterMs, lossRatio, cut, reset; to end a fault, heal the link.`,
    );
  }
  return fault;
}

function delay(given: Readonly<Record<string, unknown>>, field: 'latencyMs' | 'jitterMs'): number {
  const value = given[field] ?? 0;
  if (typeof value === 'number' && value >= 0 && value <= LINK_DELAY_MS_MAX) return value;
  throw invalid(`Not a delay in ${field}: ${shown(value)}. Allowed: a number from 0 to ${LINK_DELAY_MS_MAX} (ms).`);
}

function ratio(given: Readonly<Record<string, unknown>>, field: 'lossRatio'): number {
  const value = given[field] ?? 0;
  if (typeof value === 'number' && value >= 0 && value <= 1) return value;
  throw invalid(`Not a share in ${field}: ${shown(value)}. Allowed: a number from 0 to 1.`);
}

function flag(given: Readonly<Record<string, unknown>>, field: 'cut' | 'reset'): boolean {
  const value = given[field] ?? false;
  if (typeof value === 'boolean') return value;
  throw invalid(`Not a switch in ${field}: ${shown(value)}. Allowed: true, false.`);
}
