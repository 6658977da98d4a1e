/** One entry of the catalogue: what is believed, and what is done to find out. Load, steady state, judging and report are the drill's. */
import type { DrillOptions } from './drill-options.ts';
import type { Lab } from './lab.ts';

export interface Experiment {
  readonly name: string;
  /** One line, for lists. */
  readonly summary: string;
  /** What `--variant` takes; the seed picks one when none is named. Absent: there is one way only. */
  readonly variants?: readonly string[];
  /** What it sets otherwise than usual; what a caller sets counts for more. */
  readonly options?: Partial<DrillOptions>;
  /** Of a platform that is started for the drill; default: as the topology says. */
  keepersFor?(variant: string | null): 'pinned' | null;
  hypothesis(lab: Lab): string;
  /**
   * Injects, moves, heals. Notes what was hit and when. A rejection ends the drill: as a failure of the platform when the
   * fault had taken effect, else as inconclusive.
   */
  run(lab: Lab): Promise<void>;
}
