/**
 * The regions are apart, each with its own clients and its own router, and each has reason to believe in itself: the old owner
 * holds its lease until it runs out, the new one takes over. Clients write on both sides from before the cut until after the heal.
 */
import type { Experiment } from '../experiment.ts';
import { isolateRegion } from '../isolation.ts';

export const splitBrain: Experiment = {
  name: 'split-brain',
  summary: 'parts the regions with clients on both sides while one takes over from the other: one of them may write',
  hypothesis: (lab) =>
    `When ${lab.region} is apart from ${lab.peer} and from the arbiter, its clients and its router with it, and ${lab.peer} takes ${lab.activeCells.join(' and ')} over, no write is acknowledged in ${lab.region} once ${lab.peer} acknowledges, none that was made there afterwards is accepted, and carts of both sides are merged after the heal.`,
  run: (lab) => isolateRegion(lab, { lost: 'everything', routers: true }),
};
