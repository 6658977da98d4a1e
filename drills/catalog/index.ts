/** The drills there are. */
import type { Experiment } from '../experiment.ts';
import { regionLost } from './region-lost.ts';
import { switchover } from './switchover.ts';
import { zombieWriter } from './zombie-writer.ts';

export const CATALOG: readonly Experiment[] = [regionLost, switchover, zombieWriter];
