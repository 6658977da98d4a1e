/**
 * The guards of the protocol, each with the edit that takes it out. `npm run mutate` applies them one at a time while the
 * simulation is bundled, so that no production code knows of it, and expects the simulation to find a violation.
 * Long because it is one list.
 */
import { AUTOMATION } from './automation-guards.ts';

export interface Edit {
  /** Occurs exactly once in the file. */
  readonly snippet: string;
  readonly replacement: string;
}

export interface Guard extends Edit {
  readonly name: string;
  readonly file: string;
  /** Further edits of the same file, where a guard stands in two places. */
  readonly also?: readonly Edit[];
  /** `<test file> (<part of its title>)`: the test that fails with the guard taken out, where the simulation can't show it. */
  readonly shownBy?: string;
  /** What goes wrong without it. */
  readonly breaks: string;
}

const LEASE: readonly Guard[] = [
  {
    name: 'lease wait of the coordinator',
    file: 'control/failover/step-runner.ts',
    snippet: "if (remainingMs === 0) return { outcome: { step: 'wait', result: 'expired' } };",
    replacement: "return { outcome: { step: 'wait', result: 'expired' } };",
    also: [{ snippet: 'if (watch.remainingMs() !== 0) return Promise.resolve(false);', replacement: '' }],
    breaks: 'the lease of a living holder is given away: two are active',
  },
  {
    name: 'watch counts a whole lease and a margin',
    file: 'core/lease.ts',
    snippet: 'return ttlMs * (1 + LEASE_MARGIN_RATIO);',
    replacement: 'return ttlMs * 0.3;',
    breaks: 'the cell is taken from a holder whose lease is valid: two are active',
  },
  {
    name: 'the wait begins anew when the record moves',
    file: 'core/lease-watch.ts',
    snippet: 'this.#seen = { lease, sinceMs: this.#clock.monotonicMs() };',
    replacement: 'this.#seen = { lease, sinceMs: this.#seen?.sinceMs ?? this.#clock.monotonicMs() };',
    breaks: 'a holder that renews all the time is taken for dead: two are active',
  },
  {
    name: 'release only of an unmoved record',
    file: 'control/failover/step-runner.ts',
    snippet: 'if (watch.remainingMs() !== 0) return Promise.resolve(false);',
    replacement: '',
    shownBy: 'test/control/step-runner.test.ts (refused when the lease was renewed after the wait)',
    breaks: 'a resumed failover releases a lease that it has not watched',
  },
  {
    name: "validity on the holder's own clock, less a margin",
    file: 'core/lease.ts',
    snippet: 'return ttlMs * (1 - LEASE_MARGIN_RATIO);',
    replacement: 'return ttlMs * 1.5;',
    breaks: 'the holder goes on after its lease was taken',
  },
  {
    name: 'validity from before the renewal was sent',
    file: 'cell/lease/lease-keeper.ts',
    snippet: 'const validUntilMs = sentAtMs + holderValidityMs(lease.ttlMs);',
    replacement: 'const validUntilMs = this.#o.clock.monotonicMs() + holderValidityMs(lease.ttlMs);',
    breaks: 'a renewal whose answer came late counts from its arrival: two are active',
  },
  {
    name: 'a renewal that was lost to a twin counts from before it was seen',
    file: 'cell/lease/lease-keeper.ts',
    snippet: 'return this.#hold(change.existing, seenAtMs);',
    replacement: 'return this.#hold(change.existing, clock.monotonicMs());',
    shownBy: 'test/cell/lease-guards.test.ts (counts from before the call that was lost first)',
    breaks: 'a region holds its lease for longer than its last renewal allows',
  },
  {
    name: 'a freeze counts, whichever clock stood still',
    file: 'core/freeze-aware-clock.ts',
    snippet: 'Math.max(byMonotonicMs, byWallMs)',
    replacement: 'byMonotonicMs',
    shownBy: 'test/cell/on-demand.test.ts (also when the monotonic clock stood still)',
    breaks: 'a process that slept through the end of its lease believes to hold it',
  },
  {
    name: 'validity checked by the clock',
    file: 'cell/lease/lease-keeper.ts',
    snippet: 'if (held?.open && this.#o.clock.monotonicMs() < held.validUntilMs)',
    replacement: 'if (held?.open)',
    breaks: 'a holder that lost the arbiter goes on for ever',
  },
  {
    name: 'lease taken by its successor only',
    file: 'core/lease.ts',
    snippet: "return lease.holder === region ? 'wait' : 'never';",
    replacement: "return 'successor';",
    breaks: 'the releaser takes the lease back at once, before its successor could',
  },
  {
    name: "a held lease is its holder's",
    file: 'core/lease.ts',
    snippet: "return lease.holder === region ? 'holder' : 'never';",
    replacement: "return lease.holder === region ? 'holder' : 'successor';",
    breaks: 'two regions take the lease from each other',
  },
  {
    name: 'renewal only of the record as seen',
    file: 'cell/lease/lease-arbiter.ts',
    snippet: 'return this.#put(next, seen === null ? absent : asSeen(seen), bounds);',
    replacement:
      "return this.#put(next, seen === null ? absent : { kind: '>', attribute: 'epoch', value: 0 }, bounds);",
    breaks: 'a late renewal writes over the next owner',
  },
  {
    name: 'renewal only while the own store takes writes',
    file: 'cell/lease/lease-keeper.ts',
    snippet: 'const probe = await this.#probe(lease.epoch);',
    replacement: "const probe = await this.#probe(lease.epoch).catch(() => ({ outcome: 'writable' }) as const);",
    breaks: 'a region with a frozen store keeps its lease for ever',
  },
  {
    name: 'the proof of the store moves no fence',
    file: 'cell/lease/own-store-probe.ts',
    snippet: "await table.write({ kind: 'put', item, when }, bounds)",
    replacement: "await table.write({ kind: 'put', item }, bounds)",
    breaks: "an old holder's proof lowers a fence that was raised against it",
  },
  {
    name: "the taker's own fence counts",
    file: 'core/lease.ts',
    snippet: 'epoch: nextEpoch(Math.max(lease.epoch, options.ownFence)),',
    replacement: 'epoch: nextEpoch(lease.epoch),',
    breaks: 'a region takes the lease under an epoch that its own store refuses',
    shownBy: 'test/cell/lease-guards.test.ts (takes an epoch above its own fence)',
  },
  {
    name: 'own fence read before a renewal after a restart',
    file: 'cell/lease/lease-keeper.ts',
    snippet: 'if (ownFence > lease.epoch) return this.#blocked(lease, ownFence);',
    replacement: '',
    breaks: 'a restarted holder renews for ever a lease whose store is fenced',
    shownBy: 'test/cell/lease-guards.test.ts (does not renew while its store is fenced above it)',
  },
];

const FENCE: readonly Guard[] = [
  {
    name: 'fence check in the commit',
    file: 'cell/store/commit-writes.ts',
    snippet: "when: options.commit.class === 'mergeable' ? always : options.when };",
    replacement: 'when: always };',
    breaks: 'a stale writer commits into a closed store',
  },
  {
    name: 'fence check of local commits',
    file: 'cell/store/commit-writes.ts',
    snippet: 'guardFence({ commit, fenceShards, when: fenceIsOurs }),',
    replacement: "guardFence({ commit, fenceShards, when: any(absent, { kind: '>', attribute: 'epoch', value: 0 }) }),",
    breaks: 'a commit that was under way when its store was fenced still counts as done',
  },
  {
    name: 'fence check of replicated commits',
    file: 'cell/store/commit-writes.ts',
    snippet: 'guardFence({ commit, fenceShards, when: fenceIsNotAbove }),',
    replacement: "guardFence({ commit, fenceShards, when: any(absent, { kind: '>', attribute: 'epoch', value: 0 }) }),",
    breaks: "a stale writer's commit lands in the new owner's line",
  },
  {
    name: 'every shard raised before opening',
    file: 'cell/store/raise-fence.ts',
    snippet: 'Array.from({ length: shards }, (_, shard) => shard);',
    replacement: '[0].slice(0, shards);',
    breaks: 'behind the other shards the old epoch goes on',
  },
  {
    name: 'the fence only rises',
    file: 'cell/store/raise-fence.ts',
    snippet:
      "return any(absent, { kind: '<', attribute: 'epoch', value: to.epoch }, all(equals('epoch', to.epoch), sameTarget));",
    replacement: "return any(absent, { kind: '>', attribute: 'epoch', value: 0 }, sameTarget);",
    breaks: 'a late raise opens the store to a former owner',
  },
  {
    name: 'raised before opening',
    file: 'cell/lease/lease-keeper.ts',
    snippet: "if (raised.outcome === 'higher') return this.#blocked(lease, raised.seen.epoch);",
    replacement: '',
    shownBy: 'test/cell/lease-guards.test.ts (only once its own store has taken its epoch)',
    breaks: 'a region opens although its store is fenced above it',
  },
];

const WRITES: readonly Guard[] = [
  {
    name: 'lease check after the write',
    file: 'cell/store/fenced-store.ts',
    snippet:
      "if (commit.class !== 'mergeable' && !this.#holds(commit)) {\n      this.#o.counters.leaseLostDuringWrite++;",
    replacement:
      "if (commit.class !== 'mergeable' && this.#o.clock.monotonicMs() < 0) {\n      this.#o.counters.leaseLostDuringWrite++;",
    shownBy: 'test/cell/protocol.test.ts (stuck in the store while the lease ran out)',
    breaks: 'a write that a stalled store let through after the takeover is acknowledged and orphaned',
  },
  {
    name: 'fence check of an answer',
    file: 'cell/store/fenced-store.ts',
    snippet: 'const fenced = fence?.epoch !== epoch || fence.active !== this.#o.region;',
    replacement: 'const fenced = fence === undefined;',
    breaks: 'a region that has not heard of a takeover by fence answers with what the new owner has changed since',
  },
  {
    name: 'lease check right before sending',
    file: 'cell/store/fenced-store.ts',
    snippet: "if (commit.class !== 'mergeable' && !this.#holds(commit)) {\n        this.#o.counters.refusedByLease++;",
    replacement:
      "if (commit.class !== 'mergeable' && this.#o.clock.monotonicMs() < 0) {\n        this.#o.counters.refusedByLease++;",
    breaks: 'a call is sent in vain',
  },
  {
    name: 'idempotency record must be absent',
    file: 'cell/store/commit-writes.ts',
    snippet: "{ kind: 'put', item, when: absent }",
    replacement: "{ kind: 'put', item }",
    breaks: 'a repeated request is carried out twice',
  },
  {
    name: 'version of the head in local commits',
    file: 'cell/store/commit-writes.ts',
    snippet:
      "{ kind: 'put', item: nextHead(commit), when: standsAt(commit.previous) },\n    ...changeWrites(commit, { idempotencyOnce: true }),",
    replacement: "{ kind: 'put', item: nextHead(commit) },\n    ...changeWrites(commit, { idempotencyOnce: true }),",
    breaks: 'one of two concurrent writes is lost',
  },
  {
    name: 'time without calls is no silence',
    file: 'cell/replication/peer-health.ts',
    snippet: 'if (sentAtMs - this.#failedAtMs > this.#unwitnessedMsMax) this.#failingSinceMs = null;',
    replacement: '',
    shownBy: 'test/cell/peer-health.test.ts (has to be silent anew for a whole lease)',
    breaks: 'a process that slept acknowledges alone what a peer that is there does not have',
  },
  {
    name: 'peer gone only after a lease',
    file: 'cell/replication/peer-health.ts',
    snippet: 'this.#goneAfterMs = aloneAfterMs(options.leaseTtlMs);',
    replacement: 'this.#goneAfterMs = 0 * aloneAfterMs(options.leaseTtlMs);',
    breaks: 'a region cut off from everything acknowledges alone what the next owner will not have',
  },
  {
    name: 'an answer ends the time alone',
    file: 'cell/replication/peer-table.ts',
    snippet: 'this.#health.succeeded();',
    replacement: 'void this.#health;',
    breaks: 'a region goes on to acknowledge alone although its peer is back',
  },
  {
    name: 'an answer speaks against a declaration',
    file: 'cell/replication/peer-health.ts',
    snippet: 'if (!this.answeredSince(sinceMs)) this.#declaredGone = true;',
    replacement: 'this.#declaredGone = true;\nvoid sinceMs;',
    breaks: 'a peer that has just answered is taken to be gone',
  },
];

const REPLICATION: readonly Guard[] = [
  {
    name: 'version order of replicated commits',
    file: 'cell/store/commit-writes.ts',
    snippet:
      "{ kind: 'put', item: nextHead(commit), when: standsAt(commit.previous) },\n    ...changeWrites(commit, { idempotencyOnce: false }),",
    replacement: "{ kind: 'put', item: nextHead(commit) },\n    ...changeWrites(commit, { idempotencyOnce: false }),",
    breaks: 'a commit that arrives late or twice puts an older state over a newer one',
  },
  {
    name: 'lineage: what is included is skipped',
    file: 'core/apply-rule.ts',
    snippet: "if (includes(head, commit)) return 'skip';",
    replacement: '',
    breaks: 'a commit that the line has is set aside as well',
  },
  {
    name: 'divergence is repaired, not waited out',
    file: 'core/apply-rule.ts',
    snippet: "return olderThan(head, commit) ? 'repair' : 'quarantine';\n}",
    replacement: "return 'quarantine';\n}",
    breaks: "the owner's commits are set aside because of what a stale writer left",
  },
  {
    name: 'origin check: the owner is judged by its own line',
    file: 'cell/replication/ship-commit.ts',
    snippet: 'if (fence === null || fence.active !== null) return fence?.active === commit.origin;',
    replacement: 'if (fence === null || fence.active !== null) return false;',
    breaks: "commits of the owner's own earlier epoch are set aside, and its copy is put back to what the peer has",
  },
  {
    name: 'repair of the source',
    file: 'cell/replication/ship-commit.ts',
    snippet: "if (await repairSource(lane, { commit: stale.commit, fence }, bounds)) return 'quarantined';",
    replacement: "return 'quarantined';",
    shownBy: 'test/cell/protocol.test.ts (goes to quarantine, and its copy is repaired)',
    breaks: 'the former owner stays divergent',
  },
  {
    name: 'repair only while nothing moved',
    file: 'cell/replication/replace-aggregate.ts',
    snippet: 'const when = standsAt(seen);',
    replacement: "const when = seen ? { kind: '>', attribute: 'epoch', value: -1 } as const : standsAt(seen);",
    shownBy: 'test/cell/lease-guards.test.ts (given up when the aggregate has moved)',
    breaks: 'a repair undoes a commit that arrived meanwhile',
  },
  {
    name: "a repair of the peer goes by the commit's epoch",
    file: 'cell/replication/ship-commit.ts',
    snippet: 'value: commit.epoch }',
    replacement: 'value: wanted.aggregate.head?.epoch ?? 0 }',
    shownBy: 'test/cell/ship-commit.test.ts (takes nothing from the new owner)',
    breaks: "a process that slept through a failover puts an older state over the new owner's",
  },
  {
    name: 'a repair reads aggregate and messages from one commit',
    file: 'cell/replication/replace-aggregate.ts',
    snippet: 'const aggregate = await readAggregate(table, id, bounds);\n',
    replacement: '',
    also: [
      {
        snippet: 'if (sameRevision(aggregate.head, after)) return { aggregate, outbox };',
        replacement: 'const aggregate = await readAggregate(table, id, bounds);\n    return { aggregate, outbox };',
      },
      { snippet: 'const after = toHead(await table.get(headKey(id), bounds));\n', replacement: '' },
    ],
    breaks: 'a message of the outbox is lost, or comes back',
  },
  {
    name: "a closed store's epoch is not spread",
    file: 'cell/replication/ship-commit.ts',
    snippet: 'const to = fence.active === null ? { ...fence, epoch: (fence.epoch - 1) as Epoch } : fence;',
    replacement: 'const to = fence;',
    shownBy: 'test/cell/ship-commit.test.ts (spreads no epoch that nobody owns yet)',
    breaks: 'a planned move sets aside what it should drain',
  },
  {
    name: 'quarantine before the journal entry goes',
    file: 'cell/replication/ship-commit.ts',
    snippet: "await lane.peer.write({ kind: 'put', item, when: absent }, bounds);",
    replacement: 'void item;',
    breaks: 'a commit vanishes without a trace',
  },
  {
    name: 'journal entry in the transaction of the commit',
    file: 'cell/store/commit-writes.ts',
    snippet: "{ kind: 'put', item: journalItem(commit) },",
    replacement: "...(commit.version % 7 === 3 ? [] : [{ kind: 'put', item: journalItem(commit) } as const]),",
    breaks: 'a commit never reaches the peer',
  },
  {
    name: 'journal entry deleted only after it arrived',
    file: 'cell/replication/drain-journal.ts',
    snippet: 'if (!isPoison(error)) tally.failure ??= error;\n',
    replacement: 'if (!isPoison(error)) {\n        tally.failure ??= error;\n        done.push(commit);\n      }\n',
    breaks: 'what a lost call carried is forgotten',
  },
  {
    name: 'one lost call does not hold up the sweep',
    file: 'cell/replication/drain-journal.ts',
    snippet: 'deadlineAtMs: Math.min(bounds.deadlineAtMs, clock.monotonicMs() + CALL_MS_MAX)',
    replacement: 'deadlineAtMs: Math.max(bounds.deadlineAtMs, clock.monotonicMs())',
    breaks: 'replication stands still for a minute after a short fault',
  },
  {
    name: 'guards of a batch must all hold',
    file: 'cell/store/fold-writes.ts',
    snippet: 'return same ? earlier : { ...earlier, when: all(earlier.when, later.when) };',
    replacement: 'return same ? earlier : later;',
    shownBy: 'test/cell/ship-commit.test.ts (is refused whole when the stale one comes first)',
    breaks: 'a stale commit gets in beside one of the new epoch',
  },
  {
    name: 'what a batch refused goes one by one',
    file: 'cell/replication/drain-journal.ts',
    snippet: 'return (await applyBatch(target, batch, within(lane, bounds))) ? batch.commits : [];',
    replacement: 'await applyBatch(target, batch, within(lane, bounds));\n    return batch.commits;',
    breaks: 'what a guard refused is taken for shipped, and forgotten',
  },
  {
    name: 'a look spares the sweep of an empty journal only',
    file: 'cell/replication/journal-look.ts',
    snippet: 'if (entries.length === 0) this.#o.replicator.sawEmptyJournal(startedAtMs);',
    replacement: 'this.#o.replicator.sawEmptyJournal(startedAtMs);',
    breaks: 'what a lost doorbell left behind is never shipped',
  },
];

const COPY = 'test/cell/staleness.test.ts (is never younger than the copy)';

const STALENESS: readonly Guard[] = [
  {
    name: 'an age counts from the beat that was echoed',
    file: 'cell/replication/staleness.ts',
    snippet: 'return boot === this.boot ? (this.#sentAtMs.get(counter) ?? null) : null;',
    replacement: 'return boot === this.boot && counter > 0 ? (this.#sentAtMs.get(this.#counter) ?? null) : null;',
    shownBy: COPY,
    breaks: 'a message that was on its way for long is taken to be young',
  },
  {
    name: 'what the journal holds open is not at the peer',
    file: 'cell/replication/journal-look.ts',
    snippet: 'this.#prove([...this.#open.values(), startedAtMs]);',
    replacement: 'this.#prove([startedAtMs]);',
    shownBy: COPY,
    breaks: 'a copy that lacks commits is said to be complete',
  },
  {
    name: 'a copy has an age once its own commits were judged',
    file: 'cell/replication/heartbeat.ts',
    snippet: 'return this.#isInLine() ? this.stalenessMs() : null;',
    replacement: 'return this.stalenessMs();',
    shownBy: 'test/cell/staleness.test.ts (has no age until its own commits were judged)',
    breaks: 'a copy shows what its owner never had',
  },
];

const COORDINATION: readonly Guard[] = [
  {
    name: "version of the coordinator's record",
    file: 'control/adapters/table-failover-ports.ts',
    snippet: "const when = next.version === 1 ? absent : equals('version', next.version - 1);",
    replacement: "const when = next.version === 1 ? absent : ({ kind: '>', attribute: 'version', value: 0 } as const);",
    breaks: 'a delayed coordinator writes over the record of another',
  },
  {
    name: 'drain before the release',
    file: 'control/failover/failover-steps.ts',
    snippet: "if (outcome.result === 'fenced') return 'drain';",
    replacement: "if (outcome.result === 'fenced') return 'release';",
    breaks: 'a planned change loses what was acknowledged with ack "local"',
  },
  {
    name: 'a drain says whether it is complete',
    file: 'control/adapters/table-failover-ports.ts',
    snippet: 'complete: swept.left === 0 && swept.failure === undefined',
    replacement: 'complete: true',
    breaks: 'a planned change goes on after a drain that failed',
  },
  {
    name: 'fenced only if every shard answered',
    file: 'control/failover/step-runner.ts',
    snippet: 'if (closed === null) {',
    replacement: 'if (closed === undefined) {',
    breaks: 'a failover takes the silence of the old store for a fence',
  },
  {
    name: 'release only at the epoch of the decision',
    file: 'control/failover/step-runner.ts',
    snippet: "if (lease.state !== 'held' || lease.holder !== from || lease.epoch !== seenEpoch) {",
    replacement: "if (lease.state !== 'held' || lease.holder !== from) {",
    breaks: 'an old plan releases a lease on the proof of a fence that its holder has outgrown',
  },
  {
    name: 'only an abandoned change is taken back',
    file: 'cell/lease/abandonment.ts',
    snippet: "if (record?.state !== 'running') return true;",
    replacement: 'if (record !== undefined) return true;',
    breaks: 'a holder takes the cell back from a coordinator that is at work',
    shownBy: 'test/cell/lease-guards.test.ts (leaves the cell to a coordinator that is at work)',
  },
];

const RECONCILIATION: readonly Guard[] = [
  {
    name: 'adoption only on its own base',
    file: 'core/reconcile.ts',
    snippet: "if (sameRevision(head, commit.previous)) return { state: 'untouched' };",
    replacement: "return { state: 'untouched' };",
    breaks: 'a quarantined commit is made again over what others wrote since: that vanishes',
  },
  {
    name: 'what was taken in is not taken in again',
    file: 'core/reconcile.ts',
    snippet: "if (hasTaken(taken, commit)) return superseded('it was taken in before');",
    replacement: '',
    shownBy: 'test/core/reconcile.test.ts (is never taken in again, whoever wrote since)',
    breaks: 'a merge is made twice',
  },
  {
    name: 'what its client repeated is not taken in',
    file: 'core/reconcile.ts',
    snippet:
      "if (record && record.fingerprint === commit.idempotency?.fingerprint) return superseded('its client repeated it');",
    replacement: '',
    shownBy: 'test/core/reconcile.test.ts (is superseded by the repeat of its client)',
    breaks: 'one request takes effect twice',
  },
  {
    name: 'what is in the line leaves the quarantine',
    file: 'core/reconcile.ts',
    snippet: "if (includes(head, commit)) return superseded('the commit itself is in the line');",
    replacement: '',
    shownBy: 'test/cell/superseded.test.ts (leaves the quarantine with a line of its own)',
    breaks: 'a commit that is in the line is shown as lost',
  },
  {
    name: 'a note of what was taken in goes with it',
    file: 'core/reconcile.ts',
    snippet: "return [...own, { kind: 'put', item: TAKEN_IN_ITEM, data: taken as unknown as JsonObject }];",
    replacement: 'return taken ? own : [];',
    shownBy:
      'test/cell/reconcile.test.ts (when the owner crashes after the commit and before the row of the peer is removed)',
    breaks: 'a commit is taken in again after a crash or a failover',
  },
  {
    name: 'superseded is no last word',
    file: 'cell/reconcile/settlement.ts',
    snippet: "if (audit?.action !== 'superseded') return audit;",
    replacement: 'if (audit !== undefined) return audit;',
    shownBy: 'test/cell/superseded.test.ts (is judged anew when it comes back)',
    breaks: 'a commit that was in a line which is over is thrown away',
  },
  {
    name: 'only superseded is written over',
    file: 'cell/reconcile/taking-in.ts',
    snippet: "when: any(absent, equals('action', 'superseded')) } as const;",
    replacement: "when: any(absent, equals('action', 'superseded'), equals('action', 'discarded')) } as const;",
    shownBy: 'test/cell/reconcile.test.ts (when what was discarded is shipped once more)',
    breaks: 'what a person discarded is adopted after all',
  },
];

export const GUARDS: readonly Guard[] = [
  ...LEASE,
  ...FENCE,
  ...WRITES,
  ...REPLICATION,
  ...STALENESS,
  ...RECONCILIATION,
  ...COORDINATION,
  ...AUTOMATION,
];
