/** The bounds of the waits of a release's executor, each with its reason. */

/** Longer than any step below: the longest replaces one side and runs it warm. */
export const CALL_MS_MAX = 90_000;
/** A side that is asked to be fit before it is relied on: a few heartbeats, and a status page or two that came late. */
export const FIT_MS_MAX = 10_000;
/** A host runs itself warm in two to four seconds; on a machine with nothing to spare in ten times that. */
export const WARM_MS_MAX = 40_000;
/** A release that fails one answer in twenty passes as many with a chance of 1 in 60. */
export const WARM_ANSWERS_MIN = 80;
/** At 15 answers a second of one cell, a release that fails 5 % of them has failed often enough to be found in it nine times of ten. */
export const TRIAL_MS = 10_000;
/** On the way back the known release need not prove itself before it helps. */
export const WARM_BACK_MS_MAX = 8_000;
/** A planned move is refused while commits are on their way, which takes moments; longer is a reason to stop. */
export const MOVE_MS_MAX = 30_000;
/** Between two looks, or two tries. */
export const AGAIN_MS = 150;
/** Replace one side, move, replace the other, move home: and one more for each that another move got in the way of. */
export const UNDO_ROUNDS_MAX = 8;
