/** Puts a fault on the world and takes it away again. Each is counted, so that two on the same place heal apart. */
import type { RegionName } from '../../core/ids.ts';
import { type Fault, peerOf } from './schedule.ts';
import type { SimLink } from './sim-link.ts';
import { regionOf, type World } from './world.ts';

const LOSS_RATIO = 0.3;
const DUPLICATE_RATIO = 0.3;
const SPIKE_RATIO = 0.3;
const REFUSAL_RATIO = 0.6;

/** Returns what undoes it. */
export function inject(world: World, fault: Fault): () => void {
  const { kind, target } = fault;
  switch (kind) {
    case 'pause':
      return pause(world, target);
    case 'crash':
      return crash(world, target);
    case 'pause-before-write':
    case 'pause-after-write':
      return trap(world, fault);
    case 'restart':
      return restart(world, target);
    case 'freeze':
    case 'slow':
    case 'conflicts':
    case 'throttle':
      return hurtStore(world, fault);
    case 'region-lost':
      world.saw('region lost');
      return together(
        ...world.cellNamesIn(target as RegionName).map((name) => crash(world, name)),
        ...[...world.links.keys()]
          .filter((name) => name.endsWith(`>store@${target}`))
          .map((name) => hurtLink(world, { ...fault, kind: 'cut', target: name })),
      );
    case 'region-isolated':
      world.saw('region isolated');
      return together(
        ...isolated(target as RegionName).map((name) => hurtLink(world, { ...fault, kind: 'cut', target: name })),
      );
    default:
      return hurtLink(world, fault);
  }
}

const together = (...undo: (() => void)[]) => {
  return () => {
    for (const each of undo) each();
  };
};

function isolated(region: RegionName): readonly string[] {
  const peer = peerOf(region);
  return [
    ...['cell', 'twin'].flatMap((name) => [
      `${name}@${region}>arbiter`,
      `${name}@${region}>store@${peer}`,
      `${name}@${peer}>store@${region}`,
    ]),
    `operator@${peer}>store@${region}`,
    `operator@${region}>arbiter`,
    `operator@${region}>store@${peer}`,
  ];
}

function restart(world: World, name: string): () => void {
  const store = world.store(name);
  store.die();
  world.saw('store restarted');
  return () => {
    store.down--;
  };
}

function pause(world: World, name: string): () => void {
  const process = world.processNamed(name);
  if (!process) return nothing;
  process.pause();
  if (!name.startsWith('operator')) world.saw('pause of a cell process');
  return () => process.goOn();
}

/** `target` is the link at whose next write the process stops, for as long as the fault lasts after that. */
function trap(world: World, { kind, target, forMs }: Fault): () => void {
  const process = world.processNamed(target.slice(0, target.indexOf('>')));
  if (!process) return nothing;
  const when = kind === 'pause-before-write' ? 'before' : 'after';
  const spring = () => {
    process.pause();
    world.saw(when === 'before' ? 'pause right before a write was sent' : 'pause right after a write was sent');
    world.queue.in(forMs, () => process.goOn());
  };
  process.trap = { when, link: target, spring };
  return () => {
    process.trap = null;
  };
}

function crash(world: World, name: string): () => void {
  const process = world.processNamed(name);
  if (!process) return nothing;
  process.crash();
  world.saw(name.startsWith('operator@') ? 'crash of a coordinator' : 'crash of a cell process');
  return () => {
    // Another fault's heal may have started it anew already.
    if (world.processNamed(name) !== process) return;
    if (name.startsWith('operator@')) world.startOperator(regionOf(name));
    else world.startCell(name);
    world.queue.dirty = true;
    world.queue.toJudge = true;
  };
}

/** Nobody of that name in this world. */
const nothing = () => undefined;

function hurtStore(world: World, { kind, target, forMs }: Fault): () => void {
  const store = world.store(target);
  switch (kind) {
    case 'freeze':
      store.freeze(world.queue.nowMs);
      world.saw('frozen store');
      return () => store.thaw();
    case 'slow':
      store.slowMs += forMs / 2;
      return () => {
        store.slowMs = Math.max(0, store.slowMs - forMs / 2);
      };
    case 'conflicts':
      store.conflictRatio = REFUSAL_RATIO;
      return () => {
        store.conflictRatio = 0;
      };
    default:
      store.throttleRatio = REFUSAL_RATIO;
      return () => {
        store.throttleRatio = 0;
      };
  }
}

function hurtLink(world: World, { kind, target, forMs }: Fault): () => void {
  const link = world.link(target);
  if (kind === 'cut-requests' || kind === 'cut-answers') world.saw('one-way cut');
  change(link, { kind, forMs, by: 1 });
  return () => {
    change(link, { kind, forMs, by: -1 });
    link.healed();
  };
}

function change(link: SimLink, fault: { kind: Fault['kind']; forMs: number; by: 1 | -1 }): void {
  const { kind, forMs, by } = fault;
  if (kind === 'cut' || kind === 'cut-requests') link.requestsCut += by;
  if (kind === 'cut' || kind === 'cut-answers') link.answersCut += by;
  if (kind === 'refuse') link.refused += by;
  if (kind === 'lossy') link.lossRatio = by > 0 ? LOSS_RATIO : 0;
  if (kind === 'duplicate') link.duplicateRatio = by > 0 ? DUPLICATE_RATIO : 0;
  if (kind === 'spiky') {
    link.spikeRatio = by > 0 ? SPIKE_RATIO : 0;
    link.spikeMs = forMs;
  }
}
