import { describe, expect, it } from '@jest/globals';
import { inAutomaticMode } from '../../drills/automatic-mode.ts';
import type { Lab } from '../../drills/lab.ts';
import type { AutomationSetting } from '../../drills/ports/automation-port.ts';

const BEFORE: AutomationSetting = { mode: 'assisted', enabled: true };

/** Automation that has moved c01 before the drill. */
function labWith({ movedAgoMs }: { readonly movedAgoMs: number | null }) {
  const set: AutomationSetting[] = [];
  const move = { cell: 'c01', from: 'east', to: 'west', outcome: 'done', steps: [], record: null };
  const automation = {
    mode: async () => BEFORE,
    setMode: async (setting: AutomationSetting) => void set.push(setting),
    moves: async () => (movedAgoMs === null ? [] : [{ ...move, agoMs: movedAgoMs }]),
  };
  const sight = { topology: { automation: { cellsMovedMax: 2, windowMs: 60_000, cooldownMs: 600_000 } } };
  return { lab: { seed: 1, automation, sight, mark: () => undefined } as unknown as Lab, set };
}

describe('a drill that lets the platform decide', () => {
  it('puts the mode back, also when the experiment breaks', async () => {
    const { lab, set } = labWith({ movedAgoMs: null });
    const broken = inAutomaticMode(lab, () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
    expect(set).toEqual([{ mode: 'automatic', enabled: true }, BEFORE]);
  });

  it('is not begun where the limits of automation are spent: it would show nothing', async () => {
    const { lab, set } = labWith({ movedAgoMs: 599_000 });
    await expect(inAutomaticMode(lab, async () => undefined)).rejects.toThrow(/moved c01 599 s ago.*without --attach/);
    expect(set).toEqual([]);
  });

  it('is begun again once they count those moves no longer', async () => {
    const { lab, set } = labWith({ movedAgoMs: 601_000 });
    await inAutomaticMode(lab, async () => undefined);
    expect(set).toHaveLength(2);
  });
});
