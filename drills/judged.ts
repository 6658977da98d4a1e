/** What pure judges return: promises that held or did not, what could not be shown, and what is told in the report either way. */
import { busyText, type Moment } from './busy-machine.ts';
import type { Lab } from './lab.ts';
import type { Expectation } from './report/drill-run.ts';
import { errorsText, type LoggedAnswer } from './workload/answer-log.ts';

export interface Judged {
  readonly expectations: readonly Expectation[];
  readonly inconclusive: readonly string[];
  readonly told: readonly Told[];
}

export interface Told {
  readonly what: string;
  readonly cell?: string;
  readonly atMs?: number;
  readonly durationMs?: number;
}

export const NOTHING: Judged = { expectations: [], inconclusive: [], told: [] };
export const expecting = (...expectations: readonly Expectation[]): Judged => ({ ...NOTHING, expectations });
export const doubting = (text: string): Judged => ({ ...NOTHING, inconclusive: [text] });
export const telling = (told: Told): Judged => ({ ...NOTHING, told: [told] });

export function merged(...all: readonly Judged[]): Judged {
  return {
    expectations: all.flatMap(({ expectations }) => expectations),
    inconclusive: all.flatMap(({ inconclusive }) => inconclusive),
    told: all.flatMap(({ told }) => told),
  };
}

export interface Timed extends Moment {
  /** `noticed, since the first bad answer`. */
  readonly what: string;
  readonly boundMs: number;
}

/** A time that is told, and that has a bound: missed on a machine that was busy it proves nothing. */
export function timely(answers: readonly LoggedAnswer[], of: Timed): Judged {
  const durationMs = of.toMs - of.fromMs;
  const told = telling({ what: of.what, atMs: of.toMs, durationMs });
  if (durationMs <= of.boundMs) return told;
  const text = `It took ${Math.round(durationMs)} ms (${of.what}). Allowed: ${of.boundMs} ms`;
  const busy = busyText(answers, of);
  const because = `but cells that nobody touched were held up, too (${busy})`;
  return merged(
    told,
    busy === null ? expecting({ held: false, otherwise: `${text}.` }) : doubting(`${text}; ${because}.`),
  );
}

export interface Unwanted {
  /** Of all answers, those that nobody may have got. */
  readonly errors: readonly LoggedAnswer[];
  readonly touched: readonly string[];
  /** Certainly of what was done, whatever the machine was doing. */
  readonly isOwn?: (error: LoggedAnswer) => boolean;
}

/** An error that comes while all the other cells are held up as well is the machine's, as far as anybody can tell. */
export function unharmed(answers: readonly LoggedAnswer[], { errors, touched, isOwn = () => false }: Unwanted): Judged {
  const looked = errors.map((error) => {
    const moment = { touched: [error.cell, ...touched], fromMs: error.invokedAtMs, toMs: error.completedAtMs };
    return { error, busy: isOwn(error) ? null : busyText(answers, moment) };
  });
  const blamed = looked.filter(({ busy }) => busy === null).map(({ error }) => error);
  const excused = looked.filter(({ busy }) => busy !== null).map(({ error }) => error);
  const busy = looked.find((one) => one.busy !== null)?.busy;
  return merged(
    expecting({
      held: blamed.length === 0,
      otherwise: `${blamed.length} requests failed that had to succeed: ${errorsText(blamed)}.`,
    }),
    excused.length === 0
      ? NOTHING
      : doubting(
          `${excused.length} requests failed while cells that nobody touched were held up, too (${busy}): ${errorsText(excused)}.`,
        ),
  );
}

/** Into the report. */
export function noteJudged(lab: Pick<Lab, 'notes' | 'mark'>, { expectations, inconclusive, told }: Judged): void {
  lab.notes.expectations.push(...expectations);
  lab.notes.inconclusive.push(...inconclusive);
  for (const { what, atMs, ...more } of told)
    lab.mark('judge', what, { ...more, ...(atMs === undefined ? {} : { t: atMs }) });
}
