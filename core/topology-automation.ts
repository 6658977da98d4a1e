/**
 * The rules of the topology's `automation` section: who decides on a failover by default, and the guard rails of a decision
 * that no person takes. The defaults fit the lease; a bound that would let a pause pass for a loss is refused.
 */
import type { Topology } from './topology.ts';
import type { TopologyReader } from './topology-reader.ts';

export const AUTOMATION_MODES = ['manual', 'assisted', 'automatic'] as const;
export type AutomationMode = (typeof AUTOMATION_MODES)[number];

export interface AutomationSettings {
  /** What holds until somebody says otherwise: `manual` looks only, `assisted` proposes, `automatic` moves. */
  readonly mode: AutomationMode;
  /** A lease that is not renewed for this long is suspect; two renewals at least, so that one lost one is nothing. */
  readonly detectAfterMs: number;
  /** For how long both signals must say the same without a break. */
  readonly agreementMs: number;
  /** At most this many cells are moved without a person … */
  readonly cellsMovedMax: number;
  /** … within this time, over the whole platform. */
  readonly windowMs: number;
  /** A cell that was moved, by whomever, is left alone for this long. */
  readonly cooldownMs: number;
  /** Before it acts it waits for a random part of this, and looks again. */
  readonly jitterMs: number;
}

const KEYS = ['mode', 'detectAfterMs', 'agreementMs', 'cellsMovedMax', 'windowMs', 'cooldownMs', 'jitterMs'];
export const RENEWALS_MISSED_MIN = 2;
const DETECT_MS_MAX = 600_000;
const AGREEMENT_MS_MIN = 100;
const MOVES_MAX = 64;
const WINDOW_MS_MIN = 1_000;
const WINDOW_MS_MAX = 86_400_000;
const JITTER_MS_MAX = 60_000;

const DEFAULTS = {
  mode: 'assisted',
  agreementMs: 500,
  cellsMovedMax: 2,
  windowMs: 300_000,
  cooldownMs: 600_000,
  jitterMs: 250,
} as const;

export function readAutomation(
  reader: TopologyReader,
  { value, lease }: { value: unknown; lease: Topology['lease'] | null },
): AutomationSettings | null {
  const fields = reader.object('automation', value ?? {}, KEYS);
  if (!fields) return null;
  const detectMsMin = RENEWALS_MISSED_MIN * (lease?.renewEveryMs ?? 1);
  const whole = (name: keyof AutomationSettings, byDefault: number, range: { min: number; max: number }) =>
    reader.integer(`automation.${name}`, fields.get(name) ?? byDefault, range);
  const mode = reader.choice('automation.mode', fields.get('mode') ?? DEFAULTS.mode, AUTOMATION_MODES);
  const detectAfterMs = whole('detectAfterMs', detectMsMin, { min: detectMsMin, max: DETECT_MS_MAX });
  const agreementMs = whole('agreementMs', DEFAULTS.agreementMs, { min: AGREEMENT_MS_MIN, max: DETECT_MS_MAX });
  const cellsMovedMax = whole('cellsMovedMax', DEFAULTS.cellsMovedMax, { min: 1, max: MOVES_MAX });
  const windowMs = whole('windowMs', DEFAULTS.windowMs, { min: WINDOW_MS_MIN, max: WINDOW_MS_MAX });
  // A shorter cooldown would let one cell use the whole limit by itself, moving to and fro.
  const cooldownMs = whole('cooldownMs', Math.max(DEFAULTS.cooldownMs, windowMs ?? 0), {
    min: windowMs ?? WINDOW_MS_MIN,
    max: WINDOW_MS_MAX,
  });
  const jitterMs = whole('jitterMs', DEFAULTS.jitterMs, { min: 0, max: JITTER_MS_MAX });
  if (mode === null || detectAfterMs === null || agreementMs === null || cellsMovedMax === null) return null;
  if (windowMs === null || cooldownMs === null || jitterMs === null) return null;
  return { mode, detectAfterMs, agreementMs, cellsMovedMax, windowMs, cooldownMs, jitterMs };
}
