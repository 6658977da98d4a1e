/** Changes of the modes as a person wants them, pure: from the document that is in force to the one that should be. */
import type { CellId } from '../ids.ts';
import { withoutEnded } from './modes-checks.ts';
import type { LevelSetting, ModesBody, SwitchSetting } from './modes-document.ts';
import type { SwitchName } from './switches.ts';

export type ModesEdit =
  | { readonly kind: 'set-level'; readonly setting: LevelSetting }
  | { readonly kind: 'switch-on'; readonly setting: SwitchSetting }
  | { readonly kind: 'switch-off'; readonly name: SwitchName; readonly cell: CellId | null }
  /** Of this cell alone; `null`: what is set for all cells, and nothing that is set for a single one. */
  | { readonly kind: 'clear-level' | 'clear-all'; readonly cell: CellId | null };

/** What has ended goes, too: nobody has to tidy up. */
export function edited(body: ModesBody, edit: ModesEdit, nowMs: number): ModesBody {
  const { levels, switches } = withoutEnded(body, nowMs);
  switch (edit.kind) {
    case 'set-level':
      return { levels: [...elsewhere(levels, edit.setting.cell), edit.setting], switches };
    case 'switch-on':
      return { levels, switches: [...others(switches, edit.setting), edit.setting] };
    case 'switch-off':
      return { levels, switches: others(switches, edit) };
    case 'clear-level':
      return { levels: elsewhere(levels, edit.cell), switches };
    case 'clear-all':
      return { levels: elsewhere(levels, edit.cell), switches: elsewhere(switches, edit.cell) };
  }
}

function elsewhere<Of extends { readonly cell: CellId | null }>(settings: readonly Of[], cell: CellId | null) {
  return settings.filter((each) => each.cell !== cell);
}

function others(switches: readonly SwitchSetting[], of: { readonly name: SwitchName; readonly cell: CellId | null }) {
  return switches.filter(({ name, cell }) => name !== of.name || cell !== of.cell);
}
