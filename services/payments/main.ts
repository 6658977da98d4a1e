/** Composition root of the payment provider's process. Started by the supervisor with an IPC channel, or by hand. */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { systemRng } from '../../core/rng.ts';
import { behaviourInMemory, createPaymentsApp } from './app.ts';
import { Ledger } from './ledger.ts';
import { nodeServer } from './node-server.ts';

const NAME = 'payments';

function start(): void {
  const directory = process.env.HOLDFAST_DATA;
  if (!directory) throw invalid('HOLDFAST_DATA is missing: the directory that keeps the ledger.');
  const log = new Ledger(join(directory, 'payments.jsonl'));
  const app = createPaymentsApp({ log, behaviour: behaviourInMemory(), clock: systemClock, rng: systemRng });
  const server = nodeServer(app.fetch);
  server.on('error', fail);
  server.listen(port(process.env.PORT ?? '0'), '127.0.0.1', () => {
    report({ type: 'ready', pid: process.pid, port: (server.address() as AddressInfo).port, name: NAME });
  });
}

function port(value: string): number {
  const seen = Number(value);
  if (/^\d{1,5}$/.test(value) && seen <= 65_535) return seen;
  throw invalid(`PORT is ${shown(value)}. Allowed: 0–65535; 0 picks a free one.`);
}

function fail(thrown: unknown): void {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // Exits once the message has left: the supervisor shall not have to guess.
  report({ type: 'failed', message }, () => process.exit(1));
}

function report(
  message: { readonly type: 'ready' | 'failed' } & Record<string, unknown>,
  sent: () => void = () => undefined,
): void {
  if (process.send) process.send(message, sent);
  else process.stdout.write(`${JSON.stringify(message)}\n`, sent);
}

if (process.send) {
  // The supervisor ends its children; a Ctrl-C in its terminal reaches the whole group and must not do so first.
  process.on('SIGINT', () => undefined);
}
process.on('SIGTERM', () => process.exit(0));
// Every answered charge is in the ledger's file already.
process.on('message', (message: { type?: string } | null) => {
  if (message?.type === 'shutdown') process.exit(0);
});
// The parent is gone, even by kill -9: nobody would end this process any more.
process.on('disconnect', () => process.exit(0));

try {
  start();
} catch (error) {
  fail(error);
}
