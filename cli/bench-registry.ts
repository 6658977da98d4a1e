/** The benches there are. Each is loaded only when it runs: what it needs is not needed by any other command. */
import type { Measured } from '../bench/bench.ts';
import type { Bench, BenchRequest } from './services.ts';

type Measure = (request: BenchRequest) => Promise<Measured>;

export const BENCHES: readonly Bench[] = [
  bench({
    name: 'start',
    summary: 'npm start: time to ready, memory, processor time while idle',
    load: async () => (await import('../bench/start/measure-start.ts')).measureStart,
  }),
  bench({
    name: 'init',
    summary: "the functions' bundles on Lambda: their size, and the processor time of loading each",
    load: async () => (await import('../bench/init/measure-init.ts')).measureInit,
  }),
  bench({
    name: 'store',
    summary: 'plain put and fenced commit, acknowledged locally and by the peer; client and engine apart',
    load: async () => (await import('../bench/store/measure-store.ts')).measureStore,
  }),
  bench({
    name: 'reconcile',
    summary: 'how long the owner takes to settle 10,000 quarantined commits',
    load: async () => (await import('../bench/reconcile/measure-reconcile.ts')).measureReconcile,
  }),
  bench({
    name: 'failover',
    summary: 'how long writes are away, and what is lost, by path and lease',
    load: async () => (await import('../bench/failover/measure-failover.ts')).measureFailover,
  }),
  bench({
    name: 'drain',
    summary: 'how quickly a long journal drains to the peer once it is back, and with how much memory',
    load: async () => (await import('../bench/drain/measure-drain.ts')).measureDrain,
  }),
  bench({
    name: 'change',
    summary: 'how long until every process obeys a document and a switch that go everywhere at once',
    load: async () => (await import('../bench/change/measure-change.ts')).measureChange,
  }),
  bench({
    name: 'synth',
    summary:
      'how long the templates of 100 cells in two regions take, with and without the rules, and how large they are',
    load: async () => (await import('../bench/synth/measure-synth.ts')).measureSynth,
  }),
  bench({
    name: 'router',
    summary: 'the Node router beside nginx, HAProxy and Node proxies: requests a second per core, added latency',
    load: async () => (await import('../bench/router/measure-router.ts')).measureRouter,
  }),
];

function bench(of: { readonly name: string; readonly summary: string; readonly load: () => Promise<Measure> }): Bench {
  const { name, summary, load } = of;
  return {
    name,
    summary,
    run: async (request) => {
      const { recordBench } = await import('../bench/record.ts');
      return recordBench(name, { request, measure: await load() });
    },
  };
}
