/** A document on its way through the waves: killed at every step and resumed, refused by a cell, overtaken, taken back. */
import { describe, expect, it } from '@jest/globals';
import { consumersGate } from '../../../control/documents/consumers-gate.ts';
import { documentMeans } from '../../../control/documents/document-means.ts';
import { keepDraft, planPublish, publishAtOnce } from '../../../control/documents/publishing.ts';
import { rollBack } from '../../../control/documents/rollback.ts';
import { isTerminal, type RolloutRecord } from '../../../control/rollout/rollout-record.ts';
import { rankingDocument } from '../../../core/documents/ranking-document.ts';
import type { CellId } from '../../../core/ids.ts';
import { CELLS, DocumentWorld, type Ended, LIMIT, Publisher, ranking } from './document-world.ts';

const [, SECOND] = CELLS as [CellId, CellId];
const recordOf = (ended: Ended): RolloutRecord => {
  if (ended === 'killed') throw new Error('it was killed');
  if ('error' in ended) throw ended.error;
  return ended.record;
};

/** What a person does who finds that a publisher died: go on with what is under way, or say it again. */
async function goOn(world: DocumentWorld, of: { weight: number; number: number }): Promise<RolloutRecord> {
  const next = new Publisher(world, 'next');
  const found = await world.records.current(LIMIT);
  const left = found?.number === of.number ? found : null;
  if (left && isTerminal(left)) return left;
  return recordOf(await next.drive(left ? next.machine.resume() : next.publish(ranking(of.weight))));
}

async function settled(world: DocumentWorld): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await world.turn();
}

async function published(weight: number): Promise<DocumentWorld> {
  const world = new DocumentWorld();
  const publisher = new Publisher(world, 'first');
  expect(recordOf(await publisher.drive(publisher.publish(ranking(weight)))).state).toBe('done');
  return world;
}

const runsEverywhere = (world: DocumentWorld) => [
  ...new Set(world.running().map(({ version, weight }) => `${version}: ${weight}`)),
];

describe('a document that goes through the waves', () => {
  it('reaches cell after cell, and is stable in the end', async () => {
    const world = new DocumentWorld();
    const publisher = new Publisher(world, 'a');
    const seen = new Set<string>();
    const work = publisher.publish(ranking(5));
    let over = false;
    void work.finally(() => {
      over = true;
    });
    while (!over) {
      await world.turn();
      const { staged } = await world.shelf();
      if (staged) seen.add(staged.cells.join(' '));
    }
    expect((await work).state).toBe('done');
    expect([...seen]).toEqual(CELLS.map((_, index) => CELLS.slice(0, index + 1).join(' ')));
    expect(await world.shelf()).toMatchObject({ stable: { version: 1 }, staged: null });
    await settled(world);
    expect(runsEverywhere(world)).toEqual(['1: 5']);
  });

  it('ends the same when its publisher is killed at any call, and somebody goes on', async () => {
    const undisturbed = new Publisher(new DocumentWorld(), 'whole');
    await undisturbed.drive(undisturbed.publish(ranking(5)));
    // Judging, drafting, three cells with two steps each, three bakes, settling: each with calls before and after.
    expect(undisturbed.points).toBeGreaterThan(60);
    for (let at = 1; at <= undisturbed.points; at++) {
      const world = new DocumentWorld();
      const doomed = new Publisher(world, 'doomed', at);
      const ended = await doomed.drive(doomed.publish(ranking(5)));
      // The last points lie after the end of the work.
      if (ended !== 'killed') expect(recordOf(ended).state).toBe('done');
      expect({ at, state: (await goOn(world, { weight: 5, number: 1 })).state }).toEqual({ at, state: 'done' });
      await settled(world);
      expect({ at, shelf: await world.shelf() }).toMatchObject({
        shelf: { stable: { version: 1, body: ranking(5) }, staged: null },
      });
      expect({ at, runs: runsEverywhere(world) }).toEqual({ at, runs: ['1: 5'] });
      // Said twice, it is one edition.
      expect(await world.store.history({ type: 'ranking', count: 9 }, LIMIT)).toHaveLength(1);
      expect(world.wentBack).toEqual([]);
    }
  });

  it('is taken back by a new edition when a cell refuses it, also if the publisher is killed at any call meanwhile', async () => {
    const refused = async (killAt: number | null) => {
      const world = await published(3);
      world.stubborn = { cell: SECOND, version: 2 };
      const publisher = new Publisher(world, 'b', killAt);
      return { world, publisher, ended: await publisher.drive(publisher.publish(ranking(5))) };
    };
    const whole = await refused(null);
    expect(recordOf(whole.ended)).toMatchObject({
      state: 'rolled-back',
      trouble: { detail: expect.stringMatching(/c02.*refuses ranking@2/) },
    });
    expect(whole.publisher.points).toBeGreaterThan(40);
    for (let at = 1; at <= whole.publisher.points; at++) {
      const { world } = await refused(at);
      expect({ at, state: (await goOn(world, { weight: 5, number: 2 })).state }).toEqual({ at, state: 'rolled-back' });
      await settled(world);
      const { stable, staged } = await world.shelf();
      expect({ at, staged, body: stable?.body, version: stable?.version }).toEqual({
        at,
        staged: null,
        body: ranking(3),
        version: 3,
      });
      expect({ at, runs: runsEverywhere(world) }).toEqual({ at, runs: ['3: 3'] });
      expect(world.wentBack).toEqual([]);
    }
  });

  it('stops and goes back when nobody can say what a cell runs', async () => {
    const world = new DocumentWorld();
    world.silent.add(SECOND);
    const publisher = new Publisher(world, 'a');
    const ended = recordOf(await publisher.drive(publisher.publish(ranking(5))));
    // The silent cell can't be seen to be back either: that waits for a person.
    expect(ended).toMatchObject({
      state: 'stopped',
      trouble: { detail: expect.stringMatching(/unknown after 3 tries/) },
    });
    expect(await world.shelf()).toMatchObject({ stable: { body: rankingDocument.bundled }, staged: null });
    world.silent.clear();
    const next = new Publisher(world, 'next');
    expect(recordOf(await next.drive(next.machine.resume())).state).toBe('rolled-back');
    await settled(world);
    expect(world.running().every(({ weight }) => weight === 2)).toBe(true);
  });

  it('gives way to what is published at once, which no late step of it can undo', async () => {
    const world = await published(3);
    const slow = new Publisher(world, 'slow');
    const work = slow.publish(ranking(5));
    for (let turn = 0; (await world.shelf()).staged === null && turn < 100; turn++) await world.turn();
    const quick = new Publisher(world, 'quick');
    const back = await rollBack(quick.ports, { type: rankingDocument, to: null, by: 'bob', why: 'stop' });
    expect(back).toMatchObject({ restores: 1, edition: { version: 3 } });
    expect(recordOf(await slow.drive(work)).state).toBe('rolled-back');
    await settled(world);
    expect(runsEverywhere(world)).toEqual(['3: 3']);
    expect(await world.shelf()).toMatchObject({ stable: { version: 3 }, staged: null });
  });
});

describe('the gate of consumers', () => {
  it('is open while they run the edition, not known while one is silent, and closed when one went back', async () => {
    const world = await published(3);
    const look = async (version: number) => {
      const gate = consumersGate({ eyes: world.eyes(), type: rankingDocument, version });
      return (await gate.look(CELLS, { withinMs: 1_000, signal: new AbortController().signal })).state;
    };
    await settled(world);
    expect(await look(1)).toBe('open');
    expect(await look(2)).toBe('closed');
    world.silent.add(SECOND);
    expect(await look(1)).toBe('unknown');
  });
});

describe('a late enactor', () => {
  it('changes nothing once another orchestrator has written the shelf', async () => {
    const world = await published(3);
    const ports = new Publisher(world, 'a').ports;
    const text = JSON.stringify(ranking(5));
    const plan = await planPublish(ports, { type: rankingDocument, text, by: 'ann', why: 'mugs', force: false });
    expect(plan.road).toBe('waves');
    await keepDraft(ports, plan);
    const { executor } = await documentMeans('ranking@2', {
      store: world.store,
      eyes: world.eyes(),
      clock: world.clock,
    });
    const token = (await world.shelf()).token;
    const signal = new AbortController().signal;
    const limit = (more: number) => ({ withinMs: 1_000, signal, token: token + more });
    expect((await executor.withdraw(limit(5))).outcome).toBe('done');
    const late = await executor.take({ cell: SECOND, step: 'hand-out' }, limit(4));
    expect(late).toMatchObject({ outcome: 'failed', note: expect.stringMatching(/another orchestrator/) });
    expect(await world.shelf()).toMatchObject({ stable: { version: 1 }, staged: null });
  });
});

describe('publishing at once', () => {
  const wish = { type: rankingDocument, by: 'ann', why: 'x', force: false };

  it('is refused when somebody else published since it was planned', async () => {
    const world = await published(3);
    const { ports } = new Publisher(world, 'a');
    const plan = await planPublish(ports, { ...wish, text: JSON.stringify(ranking(7)) });
    await rollBack(ports, { type: rankingDocument, to: 0, by: 'bob', why: 'y' });
    await expect(publishAtOnce(ports, { ...plan, road: 'at-once' })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
      effect: 'none',
    });
    expect((await world.shelf()).stable?.body).toEqual(rankingDocument.bundled);
  });

  it('goes back further with each rollback, not forth again, and says when there is nothing before', async () => {
    const world = await published(3);
    const { ports } = new Publisher(world, 'a');
    for (const weight of [4, 5]) {
      const next = new Publisher(world, `w${weight}`);
      expect(recordOf(await next.drive(next.publish(ranking(weight)))).state).toBe('done');
    }
    const back = () => rollBack(ports, { type: rankingDocument, to: null, by: 'ann', why: 'back' });
    const weights: unknown[] = [];
    for (let times = 0; times < 3; times++) weights.push((await back())?.edition.body);
    expect(weights).toEqual([ranking(4), ranking(3), rankingDocument.bundled]);
    await expect(back()).rejects.toMatchObject({ code: 'DOCUMENT_REFUSED' });
    expect((await world.shelf()).stable?.version).toBe(6);
  });

  it('refuses to go back to a version that there is not, and leaves out what would change nothing', async () => {
    const world = await published(3);
    const { ports } = new Publisher(world, 'a');
    const to = (version: number) => rollBack(ports, { type: rankingDocument, to: version, by: 'ann', why: 'x' });
    await expect(to(9)).rejects.toMatchObject({ code: 'DOCUMENT_REFUSED', message: expect.stringMatching(/0–1/) });
    expect(await to(1)).toBeNull();
  });
});
