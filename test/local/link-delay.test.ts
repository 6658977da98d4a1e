/** Delays of a flow, on a clock that the test moves: real streams, no real time. */

import type { Socket } from 'node:net';
import { Duplex, PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '../../core/fake-clock.ts';
import { seededRng } from '../../core/rng.ts';
import { Flow, type FlowFault, NO_FLOW_FAULT } from '../../local/links/flow.ts';
import {
  LOSSES_IN_ROW_MAX,
  RETRANSMIT_MS_MAX,
  RETRANSMIT_MS_MIN,
  retransmit,
} from '../../local/links/retransmission.ts';

/** A flow uses only what any duplex stream has. */
const asSocket = (stream: Duplex) => stream as Socket;

function setUp(fault: FlowFault) {
  const clock = new FakeClock();
  const source = new PassThrough();
  const written: { text: string; atMs: number }[] = [];
  const startMs = clock.monotonicMs();
  const sink = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push({ text: chunk.toString(), atMs: clock.monotonicMs() - startMs });
      done();
    },
  });
  const counts = { bytes: 0, held: 0, delayed: 0, lost: 0 };
  const flow = new Flow({
    source: asSocket(source),
    sink: asSocket(sink),
    clock,
    rng: seededRng(1),
    fault,
    onBytes: (count) => {
      counts.bytes += count;
    },
    onHeld: () => {
      counts.held += 1;
    },
    onDelayed: () => {
      counts.delayed += 1;
    },
    onLost: (count) => {
      counts.lost += count;
    },
  });
  /** Streams hand bytes over in later turns of the loop. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const send = async (text: string) => {
    source.write(text);
    await settle();
  };
  return { clock, source, sink, written, counts, flow, send, settle };
}

describe('a delayed flow', () => {
  it('delivers after the latency, not before', async () => {
    const { clock, written, send, counts } = setUp({ cut: false, latencyMs: 50, jitterMs: 0, lossRatio: 0 });
    await send('a');
    await clock.advance(49);
    expect(written).toEqual([]);
    await clock.advance(1);
    expect(written).toEqual([{ text: 'a', atMs: 50 }]);
    expect(counts).toEqual({ bytes: 1, held: 0, delayed: 1, lost: 0 });
  });

  it('keeps the order of the bytes under jitter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 20 }), async (gaps) => {
        const { clock, written, send } = setUp({ cut: false, latencyMs: 5, jitterMs: 100, lossRatio: 0 });
        for (const [index, gapMs] of gaps.entries()) {
          await send(`${index},`);
          await clock.advance(gapMs);
        }
        await clock.advance(1_000);
        expect(written.map(({ text }) => text).join('')).toBe(gaps.map((_, index) => `${index},`).join(''));
      }),
      { numRuns: 30 },
    );
  });

  it('delivers what is on its way at once when it is healed', async () => {
    const { clock, written, send, flow, settle } = setUp({ cut: false, latencyMs: 60_000, jitterMs: 0, lossRatio: 0 });
    await send('a');
    await clock.advance(10);
    flow.setFault(NO_FLOW_FAULT);
    await settle();
    expect(written).toEqual([{ text: 'a', atMs: 10 }]);
  });

  it('holds what is on its way when it is cut, until the heal', async () => {
    const { clock, written, send, flow, settle } = setUp({ cut: false, latencyMs: 50, jitterMs: 0, lossRatio: 0 });
    await send('a');
    flow.setFault({ cut: true, latencyMs: 0, jitterMs: 0, lossRatio: 0 });
    await clock.advance(1_000);
    expect(written).toEqual([]);
    flow.setFault(NO_FLOW_FAULT);
    await settle();
    expect(written.map(({ text }) => text)).toEqual(['a']);
  });

  it('stops reading the source while too much is on its way', async () => {
    const { clock, source, send } = setUp({ cut: false, latencyMs: 50, jitterMs: 0, lossRatio: 0 });
    await send('x'.repeat(300 * 1024));
    expect(source.isPaused()).toBe(true);
    await clock.advance(50);
    expect(source.isPaused()).toBe(false);
  });

  it('passes the end on after the last delayed byte', async () => {
    const { clock, source, sink, written, send, settle } = setUp({
      cut: false,
      latencyMs: 50,
      jitterMs: 0,
      lossRatio: 0,
    });
    await send('a');
    source.end();
    await settle();
    expect(sink.writableEnded).toBe(false);
    await clock.advance(50);
    await settle();
    expect(written.map(({ text }) => text)).toEqual(['a']);
    expect(sink.writableEnded).toBe(true);
  });
});

describe('a lossy flow', () => {
  /** Chance as the test wants it: below the ratio is lost. */
  const draws = (...values: number[]) => ({ next: () => values.shift() ?? 1 });

  it('delays by a time-out that doubles with each loss in a row', () => {
    expect(retransmit(0.3, draws(0.9))).toEqual({ losses: 0, delayMs: 0 });
    expect(retransmit(0.3, draws(0.1, 0.9))).toEqual({ losses: 1, delayMs: 200 });
    expect(retransmit(0.3, draws(0.1, 0.2, 0.29, 0.3))).toEqual({ losses: 3, delayMs: 1_400 });
  });

  it('gives in at the bound when everything is lost', () => {
    const { losses, delayMs } = retransmit(1, { next: () => 0 });
    expect(losses).toBe(LOSSES_IN_ROW_MAX);
    expect(delayMs).toBeLessThanOrEqual(LOSSES_IN_ROW_MAX * RETRANSMIT_MS_MAX);
  });

  it('loses about the share that was asked for', () => {
    const rng = seededRng(11);
    const hit = Array.from({ length: 2_000 }, () => retransmit(0.3, rng)).filter(({ losses }) => losses > 0).length;
    expect(hit / 2_000).toBeGreaterThan(0.26);
    expect(hit / 2_000).toBeLessThan(0.34);
  });

  it('delivers every byte, in order, and counts what was lost', async () => {
    const { clock, written, send, counts } = setUp({ ...NO_FLOW_FAULT, lossRatio: 0.5 });
    const chunks = Array.from({ length: 20 }, (_, index) => `${index},`);
    for (const chunk of chunks) await send(chunk);
    await clock.advance(600_000);
    expect(written.map(({ text }) => text).join('')).toBe(chunks.join(''));
    expect(counts.lost).toBeGreaterThan(0);
    expect(written.at(-1)?.atMs).toBeGreaterThanOrEqual(RETRANSMIT_MS_MIN);
  });

  it('delivers at once what it did not lose', async () => {
    const { written, send, counts } = setUp({ ...NO_FLOW_FAULT, lossRatio: 0.000_001 });
    await send('a');
    expect(written).toEqual([{ text: 'a', atMs: 0 }]);
    expect(counts.lost).toBe(0);
  });
});
