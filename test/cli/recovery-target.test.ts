/** What a recovery puts back: the same content however often it is repeated, and nothing is stopped for what there is not. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryTable } from '../../cell/table/memory-table.ts';
import { documentOperator } from '../../cli/document-operator.ts';
import type { OperatorPorts } from '../../cli/operator-ports.ts';
import { documentTarget, releaseTarget } from '../../cli/recovery/recovery-target.ts';
import type { DocumentOperator } from '../../cli/services.ts';
import { tableAutomationStore } from '../../control/adapters/table-automation-store.ts';
import { tableDocumentStore } from '../../control/adapters/table-document-store.ts';
import { tableTimeline } from '../../control/adapters/table-timeline.ts';
import { DocumentExecutor } from '../../control/documents/document-executor.ts';
import { systemClock } from '../../core/clock.ts';
import { limitsDocument } from '../../core/documents/limits-document.ts';
import { cellId } from '../../core/ids.ts';
import { seededRng } from '../../core/rng.ts';
import type { PlatformControl, PlatformView } from '../../local/platform-control.ts';
import topology from '../../platform.config.ts';

const MACHINE = { clock: systemClock, rng: seededRng(1) };
const BY_HAND = { bakeMs: 0, forced: [], onProgress: () => undefined };
const control = {} as PlatformControl;

let arbiter: MemoryTable;
let documents: DocumentOperator;
beforeEach(() => {
  arbiter = new MemoryTable();
  const timeline = tableTimeline({ arbiter, clock: systemClock });
  const automation = tableAutomationStore({ arbiter, clock: systemClock });
  const ports = { arbiter, timeline, automation, close: () => undefined } as unknown as OperatorPorts;
  documents = documentOperator({ topology, ports, eyes: { look: async () => [] }, machine: MACHINE });
});

/** Each lower than the one before, so that it goes at once. */
async function published(...limits: number[]) {
  for (const concurrentRequestsMax of limits) {
    const text = JSON.stringify({ ...limitsDocument.bundled, concurrentRequestsMax });
    const plan = await documents.plan({ type: limitsDocument, text, why: 'trial', force: false });
    await documents.publish(plan, BY_HAND);
  }
}
const target = (to: number | null = null, why = 'too tight') =>
  documentTarget({ documents, control }, { kind: 'document', type: 'limits', to, why });
async function inForce(): Promise<number> {
  const { stable } = await documents.shelf(limitsDocument);
  return limitsDocument.parse(stable?.body).concurrentRequestsMax;
}

describe('the recovery of a document', () => {
  it('restores what the present edition replaced, and the same when it is repeated, by whomever', async () => {
    await published(400, 300, 200, 100);
    for (const why of ['too tight', 'too tight', 'and once more']) {
      expect(await target(null, why).restore()).toMatchObject({ outcome: 'done' });
      expect(await inForce()).toBe(200);
    }
    expect((await target().restore()).note).toMatch(/limits@5 stands: it has the content of 3 again.*--to/);
  });

  it('leaves in force what the end of a rollout has brought back already', async () => {
    await published(400, 300, 200);
    const store = tableDocumentStore({ arbiter, clock: systemClock });
    const limit = { withinMs: 1_000 };
    const shelf = await store.shelf('limits', limit);
    if (shelf.stable === null) throw new Error('nothing was published');
    const staged = { edition: { ...shelf.stable, version: 4 }, cells: [cellId('c01')] };
    await store.saveShelf({ ...shelf, recordVersion: shelf.recordVersion + 1, staged }, limit);
    const of = { store, eyes: { look: async () => [] }, clock: systemClock, type: limitsDocument };
    const rollout = new DocumentExecutor({ ...of, version: 4, by: 'ann' });
    await rollout.withdraw({ withinMs: 1_000, signal: new AbortController().signal, token: 1 });
    await target().restore();
    expect(await inForce()).toBe(200);
  });

  it('goes as far back as it is told, and no further when it is repeated', async () => {
    await published(400, 300, 200);
    for (let times = 0; times < 2; times++) await target(1).restore();
    expect([await inForce(), (await documents.shelf(limitsDocument)).stable?.version]).toEqual([400, 4]);
  });

  it('refuses a version that there is not, and the only one there is, before anything is stopped', async () => {
    await expect(target().check()).rejects.toThrow(/bundled default/);
    await published(400);
    await expect(target(7).check()).rejects.toThrow(/no edition limits@7/);
    await expect(target(0).check()).resolves.toBeUndefined();
    await expect(target().check()).resolves.toBeUndefined();
  });
});

describe('the recovery of a release', () => {
  it('refuses a name that nobody built, before anything is stopped', async () => {
    const view = { dataDir: '/nowhere' } as PlatformView;
    const of = { control, view, issuerDir: '/nowhere', machine: MACHINE };
    const wish = { kind: 'release', release: 'nosuch', why: 'x' } as const;
    await expect(releaseTarget(of, wish).check()).rejects.toThrow(/nosuch/);
  });
});
