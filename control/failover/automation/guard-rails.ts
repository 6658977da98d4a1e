/**
 * The guard rails of a decision that no person takes, one rule each. A `hold` leaves the cell alone; a `person` rule leaves it
 * to a person, with a proposal. Each says in a sentence what it prevents; each is proved by a test that fails without it.
 *
 * Sources: Envoy's panic threshold and `max_ejection_percent` (when most look bad, distrust the view and remove nothing);
 * Orchestrator's `RecoveryPeriodBlockSeconds` (no second recovery of one cluster for a while: anti-flapping) and its holistic
 * detection (the primary *and* its replicas must say so); the safety rules of Route 53 ARC (assertion: the receiver is on;
 * gating: one switch above all); Patroni's pause.
 */
import type { AutomationSettings } from '../../../core/topology-automation.ts';
import { type CellObservation, type Observation, type PastMove, receiverOf } from './observation.ts';

/** More than this share of anything that looks bad is more likely our own eyes. Exactly half, one of two regions, is a loss. */
export const BAD_SHARE_MAX = 0.5;

export interface Case {
  readonly cell: CellObservation;
  readonly seen: Observation;
  readonly moves: readonly PastMove[];
  readonly settings: AutomationSettings;
  /** Moves that were decided on earlier in the same look. */
  readonly decidedNow: number;
}

/** `null`: nothing against it. */
type Rule = (of: Case) => string | null;

const switchedOff: Rule = ({ seen: { setting } }) => {
  if (setting === 'unreadable') return 'the switch can not be read, so it counts as off';
  if (!setting.enabled) return 'automation is off';
  return setting.mode === 'manual' ? 'the mode is manual' : null;
};

/** A router that reaches nobody, a control process that is cut off: what is broken then is here. */
const everythingLooksBad: Rule = ({ seen }) => {
  const held = seen.cells.filter((cell) => cell.holder !== null);
  const regions = [...new Set(seen.cells.flatMap((cell) => [cell.home, cell.standby]))];
  const dead = held.filter(looksDead);
  const deadRegions = regions.filter((region) => {
    const there = held.filter((cell) => cell.holder === region);
    return there.length > 0 && there.every(looksDead);
  });
  if (deadRegions.length > BAD_SHARE_MAX * regions.length) return `${deadRegions.join(' and ')} look dead from here`;
  const spread = new Set(dead.map((cell) => cell.holder)).size;
  if (spread > 1 && dead.length > BAD_SHARE_MAX * held.length) {
    return `${dead.length} of ${held.length} cells, in ${spread} regions, look dead from here`;
  }
  return null;
};

/** Sooner than a cell is given up: what is to keep us from acting must not come later than what makes us act. */
function looksDead(cell: CellObservation): boolean {
  return cell.late || cell.answers === false;
}

const mostStoresSilent: Rule = ({ seen: { stores } }) => {
  if (stores === null) return 'the stores were not asked yet';
  const silent = stores.asked - stores.answered;
  return silent > BAD_SHARE_MAX * stores.asked ? `${silent} of ${stores.asked} stores do not answer here` : null;
};

/** A cell that is moved to a region that can't serve it is worse off than before. */
const receiverLooksBad: Rule = ({ cell, seen }) =>
  cell.receiverAnswers === true ? null : `host or store of ${cell.cell} in ${seen.region} do not answer`;

/** Two coordinators could not break anything, but the second would only hinder the first. */
const alreadyChanging: Rule = ({ cell }) => {
  if (cell.changing === null) return 'its failover record can not be read';
  return cell.changing && cell.leftBehind === null ? 'a failover of it is under way' : null;
};

/** What was done lately is not known to this process: then nothing may be spent. */
const pastUnknown: Rule = ({ seen }) => (seen.moves === null ? 'what was moved lately can not be read' : null);

/** Back is a person's decision: the home region may lack what its standby has, or be as ill as it was. */
const awayFromHome: Rule = ({ cell }) =>
  cell.holder === cell.home ? null : `it stands in its standby region already: only a person moves it back`;

const inCooldown: Rule = ({ cell, moves, settings }) => {
  const last = moves.find((move) => move.cell === cell.cell && move.ageMs < settings.cooldownMs);
  return last ? `it was moved ${seconds(last.ageMs)} ago; cooldown ${seconds(settings.cooldownMs)}` : null;
};

/** Never both directions: cells that cross mean that it is not a region that is ill. */
const receiverWasLeft: Rule = ({ seen, moves, settings }) => {
  const left = unplanned(moves).find((move) => move.from === seen.region && move.ageMs < settings.cooldownMs);
  return left ? `${left.cell} was moved away from ${seen.region} ${seconds(left.ageMs)} ago` : null;
};

const tooManyMoves: Rule = ({ moves, settings, decidedNow }) => {
  const spent = unplanned(moves).filter((move) => move.ageMs < settings.windowMs).length + decidedNow;
  if (spent < settings.cellsMovedMax) return null;
  return `${spent} cells were moved within ${seconds(settings.windowMs)}; allowed: ${settings.cellsMovedMax}`;
};

const onlyAssisted: Rule = ({ seen: { setting } }) =>
  setting !== 'unreadable' && setting.mode === 'automatic' ? null : 'the mode is assisted';

const HOLD: readonly Rule[] = [
  switchedOff,
  everythingLooksBad,
  mostStoresSilent,
  receiverLooksBad,
  alreadyChanging,
  pastUnknown,
];

const PERSON: readonly Rule[] = [onlyAssisted, awayFromHome, inCooldown, receiverWasLeft, tooManyMoves];

/** Each try waits for the deadline of a step: a failover that can't be ended has something else that is wrong with it. */
export const RESUMES_MAX = 3;

/** The move itself was decided, and its share of the limits spent, before: this only ends it. */
const onlyAPersonResumes: Rule = (of) => {
  const { cell, seen } = of;
  const { leftBehind } = cell;
  if (leftBehind === null) return null;
  const assisted = onlyAssisted(of);
  if (assisted !== null) return assisted;
  if (leftBehind.planned) return 'it was planned, and nothing may be lost by it';
  if (leftBehind.to !== seen.region) return `it was to go to ${leftBehind.to}`;
  return leftBehind.resumed < RESUMES_MAX ? null : `it was resumed ${leftBehind.resumed} times`;
};

/** Why only a person may go on with a failover that was left behind; `null`: automation may. */
export const personResumesReason = (of: Case): string | null => onlyAPersonResumes(of);
/** Why this cell must be left alone; `null`: nothing forbids it. */
export const holdReason = (of: Case): string | null => firstOf(HOLD, of);
/** Why only a person may move this cell; `null`: automation may. */
export const personReason = (of: Case): string | null => firstOf(PERSON, of);
/** Whether this region is the one to act on the cell. */
export const isReceiver = (cell: CellObservation, seen: Observation): boolean => receiverOf(cell) === seen.region;

function firstOf(rules: readonly Rule[], of: Case): string | null {
  for (const rule of rules) {
    const reason = rule(of);
    if (reason !== null) return reason;
  }
  return null;
}

const unplanned = (moves: readonly PastMove[]) => moves.filter((move) => !move.planned);
const seconds = (ms: number) => `${Math.round(ms / 1_000)} s`;
