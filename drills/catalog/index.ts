/** The drills there are. */
import type { Experiment } from '../experiment.ts';
import { arbiterLost } from './arbiter-lost.ts';
import { badRelease } from './bad-release.ts';
import { blinded } from './blinded.ts';
import { cellLost } from './cell-lost.ts';
import { controlPlaneLost } from './control-plane-lost.ts';
import { failback } from './failback.ts';
import { featureFileDoubled } from './feature-file-doubled.ts';
import { flapping } from './flapping.ts';
import { ladder } from './ladder.ts';
import { longPartition } from './long-partition.ts';
import { partition } from './partition.ts';
import { regionLost } from './region-lost.ts';
import { regionLostAutomatic } from './region-lost-automatic.ts';
import { slowCell } from './slow-cell.ts';
import { splitBrain } from './split-brain.ts';
import { stalePlan } from './stale-plan.ts';
import { storeFrozen } from './store-frozen.ts';
import { switchover } from './switchover.ts';
import { zombieWriter } from './zombie-writer.ts';

export const CATALOG: readonly Experiment[] = [
  ...[regionLost, regionLostAutomatic, cellLost, slowCell, storeFrozen],
  ...[partition, splitBrain, arbiterLost, controlPlaneLost, longPartition],
  ...[switchover, failback, zombieWriter],
  ...[flapping, blinded],
  ...[stalePlan, featureFileDoubled],
  ...[badRelease, ladder],
];
