/** The bounds of a rollout's waits, each with its reason. */

/** One call to the arbiter. */
export const ARBITER_MS_MAX = 1_000;
/** The record moves at least this often while its orchestrator lives; a write a second is nothing to the arbiter. */
export const BEAT_MS = 1_000;
/** Whoever wants to go on watches the record for this long on its own clock: five beats that failed to come. */
export const ABANDONED_MS = 5_000;
/** For this long after it sent its last beat an orchestrator may believe that nobody went on; less than the above by a beat. */
export const HELD_MS = 4_000;
export const WATCH_EVERY_MS = 250;
/** A write to the arbiter whose answer was lost is looked for and repeated; longer silence is an arbiter that is gone. */
export const SAVE_TRIES_MAX = 5;
export const SAVE_PAUSE_MS = 200;
/** An operator's wish meets a record that moves every second: as many beats may come between. */
export const ABORT_TRIES_MAX = 10;
/** A step whose outcome is unknown is idempotent: once more for an answer that was lost, once more for a process on its way up. */
export const STEP_TRIES_MAX = 3;
export const STEP_PAUSE_MS = 1_000;
/** Gates are asked all at once; one that needs longer than this, on a cold connection to a far region too, knows nothing. */
export const GATE_MS_MAX = 4_000;
/** While a wave bakes the gates are asked this often: what is bad is noticed within a look or two of being evident. */
export const LOOK_EVERY_MS = 1_000;
/** A gate that can't be asked for this long counts as closed: a restarted process has answered again by then. */
export const UNKNOWN_MS_MAX = 10_000;
/** An hour of looking on is a bake; a day is a rollout that somebody forgot. */
export const BAKE_MS_MAX = 24 * 3_600_000;
