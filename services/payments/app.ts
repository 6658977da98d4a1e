/**
 * The payment provider: the shop's system of record for money, owned by somebody else. It shares no code with checkout but
 * the vocabulary; it can be told to be slow, to decline, to fail, and to charge without ever answering.
 */
import { type Context, Hono } from 'hono';
import * as z from 'zod/mini';
import type { Clock } from '../../core/clock.ts';
import { invalid, isPlatformError, PlatformError, toPlatformError } from '../../core/errors.ts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../../core/problem.ts';
import type { Rng } from '../../core/rng.ts';
import { BODY_BYTES_MAX } from '../http/request-body.ts';
import { type Behaviour, Chance, parseBehaviour, wellBehaved } from './behaviour.ts';
import type { Charge, KeyState } from './charge-book.ts';
import { ChargeLog, type EntryLog } from './charge-log.ts';

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

/** How the provider is told to behave, shared by all its processes. */
export interface BehaviourStore {
  read(): Promise<Behaviour>;
  write(behaviour: Behaviour): Promise<void>;
}

export interface ProviderOptions {
  readonly log: EntryLog;
  readonly behaviour: BehaviourStore;
  readonly clock: Clock;
  readonly rng: Rng;
}

/** For a provider of one process. */
export function behaviourInMemory(): BehaviourStore {
  let present = wellBehaved;
  return {
    read: async () => present,
    write: async (behaviour) => {
      present = behaviour;
    },
  };
}

export function createPaymentsApp({ log, behaviour, clock, rng }: ProviderOptions): Hono {
  const ledger = new ChargeLog({ log, clock, rng });
  const chanceNow = chanceOf(behaviour);
  let waiting = 0;
  const wait = async (ms: number) => {
    if (waiting >= WAITING_MAX) throw tooMany();
    waiting++;
    await clock.sleep(ms).finally(() => waiting--);
  };
  const app = new Hono();
  app.onError(problem);
  app.post('/charges', async (context) => {
    const charge = { key: keyOf(context.req.header('idempotency-key')), ...parseCharge(await json(context)) };
    const chance = await chanceNow();
    const fate = chance.fate();
    await wait(chance.delayMs());
    if (fate === 'fail') throw broken();
    if (fate === 'hang-before') return neverAnswer(wait);
    const attempt = await ledger.charge(charge, () => chance.declines());
    if (fate === 'hang-after') return neverAnswer(wait);
    if (attempt.status === 'mismatched') throw keyReused(charge.key);
    return context.json({ key: charge.key, status: attempt.state }, STATUS[attempt.state]);
  });
  app.post('/charges/:key/void', async (context) => {
    const key = keyOf(context.req.param('key'));
    const chance = await chanceNow();
    const fate = chance.fate();
    await wait(chance.delayMs());
    if (fate === 'fail') throw broken();
    if (fate === 'hang-before') return neverAnswer(wait);
    await ledger.void(key);
    if (fate === 'hang-after') return neverAnswer(wait);
    return context.json({ key, status: 'voided' });
  });
  app.get('/charges', async (context) => context.json(await page(ledger, context.req.query('after') ?? '0')));
  app.get('/behaviour', async (context) => context.json(await behaviour.read()));
  app.put('/behaviour', async (context) => {
    await behaviour.write(parseBehaviour(await json(context)));
    return context.json(await behaviour.read());
  });
  return app;
}

/** Entries after a position, and where to go on; `next` stays the same at the end. */
async function page(ledger: ChargeLog, after: string) {
  if (!/^\d{1,9}$/.test(after)) throw invalid(`after: seen "${after.slice(0, 40)}"; allowed: an integer from 0.`);
  const { entries, total } = await ledger.page(Number(after), PAGE_ENTRIES_MAX);
  return { entries, next: entries.at(-1)?.seq ?? Number(after), total };
}

/** One source of chance for as long as the behaviour stays the same. */
function chanceOf(store: BehaviourStore): () => Promise<Chance> {
  let chance = new Chance(wellBehaved);
  return async () => {
    const behaviour = await store.read();
    if (JSON.stringify(behaviour) !== JSON.stringify(chance.behaviour)) chance = new Chance(behaviour);
    return chance;
  };
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
