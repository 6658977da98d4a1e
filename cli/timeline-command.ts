/** `holdfast timeline`: changes beside failures, and which change comes first to mind. */
import type { Command } from 'commander';
import { invalid } from '../core/errors.ts';
import { shown } from '../core/ids.ts';
import { suspicionOf } from '../core/timeline/suspects.ts';
import { siteOf, withTarget } from './operator-site.ts';
import { wholeNumber } from './option-parsers.ts';
import type { CliServices } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';
import { timelineText } from './timeline-text.ts';

const MINUTES_DEFAULT = 30;
const MINUTES_MAX = 7 * 24 * 60;
/** Of what came after the instant that was asked about: the alarm that is being explained may be a little later. */
const AFTER_RATIO = 0.25;

export function addTimelineCommand(
  program: Command,
  { shell, services }: { shell: Shell; services: CliServices },
): void {
  withTarget(program.command('timeline'))
    .description('what was changed, broken, switched and moved, in order, and who may have done it')
    .option('--around <time>', 'an instant as 2026-11-28T03:04:05Z, or as 14:05 today (UTC); default: now')
    .option('--minutes <n>', 'how far back from there', wholeNumber({ min: 1, max: MINUTES_MAX }), MINUTES_DEFAULT)
    .action(shell.action((call) => timeline(call, services)));
}

async function timeline(call: Call, services: CliServices): Promise<Outcome> {
  const nowMs = services.clock.wallMs();
  const { around } = call.options;
  const aroundMs = typeof around === 'string' ? instantOf(around, nowMs) : nowMs;
  const backMs = Number(call.options.minutes) * 60_000;
  const window = { fromMs: aroundMs - backMs, toMs: Math.min(nowMs, aroundMs + backMs * AFTER_RATIO) };
  const site = await siteOf(call, services);
  const desk = await site.timeline();
  try {
    const page = await call.progress('reading the timeline', () => desk.read(window));
    const cells = site.topology.cells.map(({ id }) => id);
    const view = { ...page, suspicion: suspicionOf(page.entries, { aroundMs, cells }) };
    return { text: timelineText(view), json: { window, ...view } };
  } finally {
    desk.close();
  }
}

/** Throws `INVALID_INPUT` with the forms that are understood, and for what has not happened yet. */
export function instantOf(text: string, nowMs: number): number {
  const today = new Date(nowMs).toISOString().slice(0, 10);
  const iso = /^\d{1,2}:\d{2}(:\d{2})?$/.test(text)
    ? `${today}T${text.padStart(text.split(':').length === 2 ? 5 : 8, '0')}Z`
    : text;
  const atMs = /^\d{4}-\d{2}-\d{2}T/.test(iso) ? Date.parse(iso) : Number.NaN;
  if (Number.isFinite(atMs) && atMs <= nowMs) return atMs;
  const why = Number.isFinite(atMs) ? 'has not come yet' : 'is no time';
  throw invalid(
    `--around ${shown(text)} ${why}. Allowed: 2026-11-28T03:04:05Z, or 14:05 for today, both UTC and past.`,
  );
}
