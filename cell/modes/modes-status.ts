/** What a cell's process really does at the moment, for whoever asks how the shop is: not what was published, but what holds here. */

import { effectiveModes } from '../../core/modes/effective-modes.ts';
import { grantText } from '../../core/modes/grant.ts';
import type { Level } from '../../core/modes/ladder.ts';
import type { LevelSetting, SwitchSetting } from '../../core/modes/modes-document.ts';
import { modesType } from '../../core/modes/modes-type.ts';
import type { CellRuntime } from '../cell-runtime.ts';
import type { BreakGlass, BreakGlassStatus } from './break-glass.ts';

export interface ModesStatus {
  /** Of the published document. */
  readonly version: number;
  readonly source: 'bundled' | 'kept' | 'published' | 'break-glass';
  readonly level: Level;
  /** Those of this cell that have not ended. */
  readonly levels: readonly LevelSetting[];
  readonly switches: readonly SwitchSetting[];
  /** By name, of all that is not granted in full: `reduced: from-copy`, `refused`. */
  readonly operations: Readonly<Record<string, string>>;
  /** Which levels and switches that is because of: as in `x-degraded`. */
  readonly causes: Readonly<Record<string, readonly string[]>>;
  readonly breakGlass: BreakGlassStatus;
}

export function modesStatus({ runtime, glass }: { runtime: CellRuntime; glass: BreakGlass }): ModesStatus {
  const { version, source, body } = runtime.documents.current(modesType);
  const { cell } = runtime.identity;
  const { level, levels, switches, operations } = effectiveModes(body, { cell, nowMs: runtime.clock.wallMs() });
  const less = [...operations.values()].filter(({ grant }) => grant.kind !== 'full');
  return {
    ...{ version, source, level, levels, switches },
    operations: Object.fromEntries(less.map(({ operation, grant }) => [operation.name, grantText(grant)])),
    causes: Object.fromEntries(less.map(({ operation, causes }) => [operation.name, causes])),
    breakGlass: glass.status(),
  };
}
