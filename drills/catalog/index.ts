/** The drills there are. */
import type { Experiment } from '../experiment.ts';
import { blinded } from './blinded.ts';
import { cellLost } from './cell-lost.ts';
import { failback } from './failback.ts';
import { flapping } from './flapping.ts';
import { regionLost } from './region-lost.ts';
import { regionLostAutomatic } from './region-lost-automatic.ts';
import { slowCell } from './slow-cell.ts';
import { switchover } from './switchover.ts';
import { zombieWriter } from './zombie-writer.ts';

export const CATALOG: readonly Experiment[] = [
  ...[regionLost, regionLostAutomatic, cellLost, slowCell],
  ...[switchover, failback, zombieWriter],
  ...[flapping, blinded],
];
