/**
 * The payment provider: the shop's system of record for money, owned by somebody else. It shares no code with checkout but
 * the vocabulary; it can be told to be slow, to decline, to fail, and to charge without ever answering.
 */
import { type Context, Hono } from 'hono';
import * as z from 'zod/mini';
import type { Clock } from '../../core/clock.ts';
import { invalid, isPlatformError, PlatformError, toPlatformError } from '../../core/errors.ts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../../core/problem.ts';
import { BODY_BYTES_MAX } from '../http/request-body.ts';
import { Chance, parseBehaviour, wellBehaved } from './behaviour.ts';
import { type Attempt, type Charge, ChargeBook, type KeyState } from './charge-book.ts';
import type { Ledger } from './ledger.ts';

/** A call that is never answered is given up after this: a socket must not stay for ever. */
export const HANG_MS_MAX = 30_000;
/** Calls that may hang or wait at once; more are refused. */
const WAITING_MAX = 1_000;
const PAGE_ENTRIES_MAX = 1_000;

const KEY = /^[\x21-\x7e]{1,128}$/;
const chargeSchema = z.object({
  orderId: z.string('1–128 characters').check(z.minLength(1), z.maxLength(128)),
  amountCents: z.int('an integer from 0').check(z.gte(0)),
});

const STATUS: Readonly<Record<KeyState, 200 | 402 | 409>> = { captured: 200, declined: 402, voided: 409 };

export interface ProviderOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
}

export function createPaymentsApp({ ledger, clock }: ProviderOptions): Hono {
  const book = new ChargeBook();
  for (const entry of ledger.entries) book.apply(entry);
  let chance = new Chance(wellBehaved);
  let waiting = 0;
  const wait = async (ms: number) => {
    if (waiting >= WAITING_MAX) throw tooMany();
    waiting++;
    await clock.sleep(ms).finally(() => waiting--);
  };
  const record = (charge: Charge, { status }: Pick<Attempt, 'status'>) => {
    book.apply(ledger.append({ ...charge, status, atMs: clock.wallMs() }));
  };
  const app = new Hono();
  app.onError(problem);
  app.post('/charges', async (context) => {
    const charge = { key: keyOf(context.req.header('idempotency-key')), ...parseCharge(await json(context)) };
    const fate = chance.fate();
    await wait(chance.delayMs());
    if (fate === 'fail') throw broken();
    if (fate === 'hang-before') return neverAnswer(wait);
    const attempt = book.judgeCharge(charge, () => chance.declines());
    record(charge, attempt);
    if (fate === 'hang-after') return neverAnswer(wait);
    if (attempt.status === 'mismatched') throw keyReused(charge.key);
    return context.json({ key: charge.key, status: attempt.state }, STATUS[attempt.state]);
  });
  app.post('/charges/:key/void', async (context) => {
    const key = keyOf(context.req.param('key'));
    const fate = chance.fate();
    await wait(chance.delayMs());
    if (fate === 'fail') throw broken();
    if (fate === 'hang-before') return neverAnswer(wait);
    if (!book.isVoided(key)) record(book.chargeOf(key), { status: 'voided' });
    if (fate === 'hang-after') return neverAnswer(wait);
    return context.json({ key, status: 'voided' });
  });
  app.get('/charges', (context) => context.json(page(ledger, context.req.query('after') ?? '0')));
  app.get('/behaviour', (context) => context.json(chance.behaviour));
  app.put('/behaviour', async (context) => {
    chance = new Chance(parseBehaviour(await json(context)));
    return context.json(chance.behaviour);
  });
  return app;
}

/** Entries after a position, and where to go on; `next` stays the same at the end. */
function page(ledger: Ledger, after: string) {
  if (!/^\d{1,9}$/.test(after)) throw invalid(`after: seen "${after.slice(0, 40)}"; allowed: an integer from 0.`);
  const entries = ledger.entries.slice(Number(after), Number(after) + PAGE_ENTRIES_MAX);
  return { entries, next: entries.at(-1)?.seq ?? Number(after), total: ledger.entries.length };
}

async function neverAnswer(wait: (ms: number) => Promise<void>): Promise<Response> {
  await wait(HANG_MS_MAX);
  throw broken();
}

async function json(context: Context): Promise<unknown> {
  const text = await context.req.text();
  if (text.length > BODY_BYTES_MAX) {
    const message = `The body has ${text.length} characters. Allowed: ${BODY_BYTES_MAX}.`;
    throw new PlatformError({ code: 'PAYLOAD_TOO_LARGE', kind: 'caller', effect: 'none', message });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`The body is no JSON (${(error as Error).message}).`);
  }
}

function parseCharge(value: unknown): Omit<Charge, 'key'> {
  const parsed = chargeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(`${issue?.path.join('.') || 'charge'}: allowed: ${issue?.message || '{ orderId, amountCents }'}.`);
}

function keyOf(value: string | undefined): string {
  if (value !== undefined && KEY.test(value)) return value;
  throw invalid('A charge needs an idempotency key: 1–128 printable ASCII characters without spaces.');
}

function problem(thrown: Error): Response {
  const error = isPlatformError(thrown) ? thrown : toPlatformError(thrown);
  const { status, body } = toProblem(error);
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': PROBLEM_CONTENT_TYPE } });
}

function broken(): PlatformError {
  return toPlatformError(new Error('The provider is broken at the moment, as its behaviour says.'));
}

function tooMany(): PlatformError {
  const message = `The provider has ${WAITING_MAX} calls waiting, which is all it takes.`;
  return new PlatformError({ code: 'OVERLOADED', kind: 'dependency', effect: 'none', message });
}

function keyReused(key: string): PlatformError {
  const message = `The key ${key} belongs to another charge. Choose a new key.`;
  return new PlatformError({ code: 'IDEMPOTENCY_KEY_REUSED', kind: 'caller', effect: 'none', message });
}
