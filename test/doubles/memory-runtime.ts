/** A cell runtime for service tests: an in-memory store, a standing that the test sets, and an outbox that it delivers by hand. */
import type { CellRuntime, Standing } from '../../cell/cell-runtime.ts';
import type { ConflictRule, MessageHandler } from '../../cell/cell-store.ts';
import { DocumentCopies } from '../../cell/documents/document-copies.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { DOCUMENT_TYPES } from '../../core/documents/document-types.ts';
import { limitsDocument, limitsOf } from '../../core/documents/limits-document.ts';
import { invalid } from '../../core/errors.ts';
import { cellId, epoch, regionName, type TenantId } from '../../core/ids.ts';
import { type Rng, seededRng } from '../../core/rng.ts';
import { Admission } from '../../resilience/admission.ts';
import { MemoryStore } from './memory-store.ts';

export class MemoryRuntime implements CellRuntime {
  readonly identity;
  readonly store: MemoryStore;
  readonly clock: Clock;
  readonly rng: Rng = seededRng(1);
  readonly release = 'test';
  readonly lines: string[] = [];
  readonly log = (line: string) => void this.lines.push(line);
  readonly documents = new DocumentCopies(DOCUMENT_TYPES);
  readonly admission: Admission;
  readonly handlers = new Map<string, MessageHandler>();
  readonly rules: ConflictRule[] = [];
  readonly settings = new Map<string, string>();
  current: Standing;
  foreignTenants = new Set<string>();
  staleness: number | null = 0;
  hearsPeer = true;

  constructor(options: { clock?: Clock; region?: string; peer?: string } = {}) {
    const { clock = systemClock, region = 'us-east-1', peer = 'us-west-2' } = options;
    this.clock = clock;
    const limits = () => limitsOf(this.documents.current(limitsDocument).body, this.identity.cell);
    this.admission = new Admission({ clock, limits });
    this.identity = { cell: cellId('c01'), region: regionName(region), peer: regionName(peer) };
    this.current = { state: 'active', epoch: epoch(7) };
    this.store = new MemoryStore({
      clock,
      region: this.identity.region,
      epoch: () => (this.current.state === 'active' ? this.current.epoch : null),
    });
  }

  standing(): Standing {
    return this.current;
  }

  servesTenant(tenant: TenantId): boolean {
    return !this.foreignTenants.has(tenant);
  }

  stalenessMs(): number | null {
    return this.staleness;
  }

  copyStalenessMs(): number | null {
    return this.staleness;
  }

  commitMark(): string {
    return 'memory/1';
  }

  hasPeersMark(): boolean {
    return this.staleness !== null;
  }

  onMessage(handler: MessageHandler): void {
    this.handlers.set(handler.topic, handler);
  }

  onConflict(rule: ConflictRule): void {
    this.rules.push(rule);
  }

  setting(name: string): string {
    const value = this.settings.get(name);
    if (value === undefined) throw invalid(`The setting ${name} is missing.`);
    return value;
  }

  /** Delivers every pending message once; returns what the handlers threw. */
  async deliver(withinMs = 10_000): Promise<readonly unknown[]> {
    const thrown: unknown[] = [];
    for (const message of this.store.pending()) {
      const bounds = { deadlineAtMs: this.clock.monotonicMs() + withinMs };
      await this.handlers
        .get(message.topic)
        ?.handle(message, bounds)
        .catch((error: unknown) => thrown.push(error));
    }
    return thrown;
  }
}
