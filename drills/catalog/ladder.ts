/**
 * A cell walks down the ladder of degraded modes and up again under load. At each level every operation of the table is asked for, and
 * what is answered is held against what the table promises; a tenant of another cell asks the same and must get everything in full.
 */
import { LEVELS, type Level } from '../../core/modes/ladder.ts';
import { OPERATIONS } from '../../core/modes/operations.ts';
import { busyText, type Moment } from '../busy-machine.ts';
import type { Experiment } from '../experiment.ts';
import { healBy } from '../heal-command.ts';
import { doubting, expecting, type Judged, merged, NOTHING, noteJudged, timely, unharmed } from '../judged.ts';
import type { Lab } from '../lab.ts';
import { complaintsOf, isBehind, type Known, type LadderAnswer } from '../ladder/ladder-judge.ts';
import { isLate, LadderShop } from '../ladder/ladder-shop.ts';
import { levelCommand, setLevel } from '../ladder/level-switch.ts';
import { cellsOf } from '../steady-state.ts';
import { type LoggedAnswer, logAnswers } from '../workload/answer-log.ts';
import { findTenants } from '../workload/tenants.ts';

/** What a document or a switch is promised to take, on one machine. */
const IN_EFFECT_MS_MAX = 2_000;
/** Down and up: each level but the highest and the lowest twice. */
const WALK: readonly Level[] = [...LEVELS.slice(1), ...LEVELS.toReversed().slice(1)];
/** Of what was otherwise than promised, in the report. */
const COMPLAINTS_SHOWN_MAX = 12;

export const ladder: Experiment = {
  name: 'ladder',
  summary: 'walks a cell down the ladder of degraded modes and up again: what the table promises is what clients get',
  options: {
    // A customer's patience, above that of the machine.
    coarseProbe: { intervalMs: 200, deadlineMs: 5_000, openMax: 4 },
    shopperDeadlineMs: 5_000,
    // Twelve switches with a process for each command, and six hundred questions.
    experimentMsMax: 400_000,
  },
  hypothesis: (lab) =>
    `${cellOf(lab)} can be led from level 100 to 0 and back under load. At each level every operation is served, reduced or refused as the table of levels promises, within ${IN_EFFECT_MS_MAX / 1_000} s of the switch; no other cell notices; nothing that was acknowledged is lost, and nothing that was refused was done.`,
  run: async (lab) => {
    const [shop, neighbour] = await openShops(lab);
    const answers = logAnswers(lab.entry);
    await walkBefore(lab, [shop, neighbour]);
    lab.notes.cellsHit = [shop.cell];
    lab.notes.newEpochs = [];
    lab.notes.faultAtMs = lab.recorder.nowMs();
    let level: Level = 100;
    try {
      for (const next of WALK) {
        level = next;
        await stepTo(lab, { level, shop, neighbour, answers });
      }
    } catch (thrown) {
      if (lab.signal.aborted) throw thrown;
      const otherwise = thrown instanceof Error ? thrown.message : String(thrown);
      lab.notes.expectations.push({ held: false, otherwise });
    } finally {
      if (level !== 100)
        lab.mark('heal', `level 100 is set: ${await healBy(lab, levelCommand(lab, { shop, level: 100 }))}`);
      lab.notes.recoveryUntilMs = lab.notes.healAtMs = lab.recorder.nowMs();
    }
    await judgeEnd(lab, { shops: [shop, neighbour], answers, cell: shop.cell });
  },
};

type Shops = readonly [shop: LadderShop, neighbour: LadderShop];

async function openShops(lab: Lab): Promise<Shops> {
  const cell = cellOf(lab);
  const other = cellsOf(lab).find((one) => one !== cell) ?? '';
  const { http, clock, tokens, sight, seed } = lab;
  const prefix = `ladder-${seed}-${Math.floor(clock.wallMs()).toString(36)}`;
  const tenants = await findTenants({
    ...{ http, clock, tokens, prefix, routers: Object.values(sight.routers), cells: [cell, other], perCell: 1 },
  });
  const shops = [cell, other].map((one) => {
    const tenant = tenants.find((each) => each.cell === one);
    if (!tenant) throw new Error(`${one} has no tenant.`);
    return new LadderShop(lab, tenant);
  });
  const [shop, neighbour] = shops;
  if (!shop || !neighbour) throw new Error('The ladder needs two cells.');
  for (const each of shops) await each.furnish(lab.region);
  return [shop, neighbour];
}

/** Throws when the cells are not at 100: somebody else has set a level, and it is not the drill's to take away. */
async function walkBefore(lab: Lab, shops: Shops): Promise<void> {
  for (const shop of shops) {
    const found = await walk(lab, { shop, level: 100 });
    if (found.complaints.length > 0) throw new Error(`${shop.cell} is not at level 100: ${found.complaints[0]}`);
  }
}

interface Step {
  readonly level: Level;
  readonly shop: LadderShop;
  readonly neighbour: LadderShop;
  readonly answers: readonly LoggedAnswer[];
}

async function stepTo(lab: Lab, { level, shop, neighbour, answers }: Step): Promise<void> {
  lab.mark('fault', `level ${level} is set`, { cell: shop.cell });
  const { publishedAtMs, inEffectAtMs } = await setLevel(lab, { shop, level });
  const moment = { touched: [shop.cell], fromMs: publishedAtMs, toMs: inEffectAtMs };
  const what = `level ${level} is in effect in both regions, since it was published`;
  noteJudged(lab, timely(answers, { ...moment, what, boundMs: IN_EFFECT_MS_MAX }));
  const fromMs = lab.recorder.nowMs();
  const [here, there] = await Promise.all([walk(lab, { shop, level }), walk(lab, { shop: neighbour, level: 100 })]);
  lab.mark('judge', `level ${level}: ${here.told}`, { cell: shop.cell });
  noteComplaints(lab, [...here.complaints, ...there.complaints.map((text) => `${neighbour.cell} noticed: ${text}`)]);
  const late = [...here.late, ...there.late.map((name) => `${name} in ${neighbour.cell}`)];
  const walked = { touched: [shop.cell], fromMs, toMs: lab.recorder.nowMs() };
  noteJudged(lab, answered(answers, { late, moment: walked }));
  if (here.behind > 0 && here.copies === 0)
    lab.notes.inconclusive.push(`No copy was fresh enough at level ${level}: the standby was not seen to answer.`);
}

/** What was not answered in time at all is the machine's only if it was busy. */
function answered(answers: readonly LoggedAnswer[], of: { late: readonly string[]; moment: Moment }): Judged {
  if (of.late.length === 0) return NOTHING;
  const text = `Not answered in time: ${of.late.join(', ')}`;
  const busy = busyText(answers, of.moment);
  return busy === null
    ? expecting({ held: false, otherwise: `${text}.` })
    : doubting(`${text}; but cells that nobody touched were held up, too (${busy}).`);
}

function noteComplaints(lab: Lab, complaints: readonly string[]): void {
  const shown = complaints.slice(0, COMPLAINTS_SHOWN_MAX);
  lab.notes.expectations.push(...shown.map((otherwise) => ({ held: false, otherwise })));
}

interface Walked {
  readonly complaints: readonly string[];
  readonly late: readonly string[];
  /** What clients got, in numbers. */
  readonly told: string;
  /** Answers of the standby from its copy, and refusals because that was too old. */
  readonly copies: number;
  readonly behind: number;
}

/** Every operation, by way of each router, and every read of the standby itself. */
async function walk(lab: Lab, { shop, level }: { shop: LadderShop; level: Level }): Promise<Walked> {
  const answers: LadderAnswer[] = [];
  const owner = lab.load.log.ownerOf(shop.cell)?.region ?? lab.region;
  const standbyIn = lab.entry.regions.find((region) => region !== owner) ?? '';
  for (const operation of OPERATIONS) {
    for (const router of lab.entry.regions) answers.push(await shop.ask(operation, { router }));
    if (operation.kind === 'read') answers.push(await shop.ask(operation, { standbyIn }));
  }
  const known: Known = { level, owner, best: shop.best };
  const copies = answers.filter(({ asked, operation, outcome }) => {
    return asked === 'standby' && operation.class !== 'mergeable' && outcome.type === 'ok';
  });
  return {
    complaints: answers.filter((answer) => !isLate(answer)).flatMap((answer) => complaintsOf(answer, known)),
    late: answers.filter(isLate).map(({ operation }) => `${operation.name} at level ${level}`),
    told: toldOf(answers),
    copies: copies.length,
    behind: answers.filter((answer) => isBehind(answer, level)).length,
  };
}

function toldOf(answers: readonly LadderAnswer[]): string {
  const count = (of: (outcome: LadderAnswer['outcome']) => boolean) =>
    answers.filter(({ outcome }) => of(outcome)).length;
  const full = count(({ type, degraded }) => type === 'ok' && !degraded);
  const reduced = count(({ type, degraded }) => type === 'ok' && Boolean(degraded));
  const refused = count((outcome) => outcome.type !== 'ok' && outcome.code === 'DEGRADED');
  const other = answers.length - full - reduced - refused;
  return `${answers.length} answers: ${full} in full, ${reduced} marked, ${refused} refused as switched off, ${other} otherwise`;
}

async function judgeEnd(
  lab: Lab,
  of: { readonly shops: Shops; readonly answers: readonly LoggedAnswer[]; readonly cell: string },
): Promise<void> {
  for (const shop of of.shops) {
    const complaints = shop.kept.complaints(await shop.standing(lab.region));
    lab.mark('judge', `${shop.kept.names.length} things that were acknowledged were looked up`, { cell: shop.cell });
    noteComplaints(
      lab,
      complaints.map((text) => `${shop.cell}: ${text}`),
    );
  }
  // Shoppers of the cell itself are refused what its level refuses, and nothing else.
  const errors = of.answers.filter(({ error, cell }) => error !== null && !(cell === of.cell && error === 'DEGRADED'));
  const refused = of.answers.filter(({ error, cell }) => error === 'DEGRADED' && cell === of.cell).length;
  noteJudged(
    lab,
    merged(
      unharmed(of.answers, { errors, touched: [of.cell] }),
      expecting({ held: refused > 0, otherwise: 'No shopper was refused anything: the levels reached none of them.' }),
    ),
  );
}

function cellOf(lab: Lab): string {
  return lab.options.cell ?? lab.activeCells[0] ?? '';
}
