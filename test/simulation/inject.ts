/** Puts a fault on the world and takes it away again. Each is counted, so that two on the same place heal apart. */
import type { RegionName } from '../../core/ids.ts';
import { type Fault, peerOf } from './schedule.ts';
import type { SimLink } from './sim-table.ts';
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
    case 'freeze':
    case 'slow':
    case 'conflicts':
    case 'throttle':
      return hurtStore(world, fault);
    case 'region-lost':
      return together(
        crash(world, `cell@${target}`),
        ...[...world.links.keys()]
          .filter((name) => name.endsWith(`>store@${target}`))
          .map((name) => hurtLink(world, { ...fault, kind: 'cut', target: name })),
      );
    case 'region-isolated':
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
    `cell@${region}>arbiter`,
    `cell@${region}>store@${peer}`,
    `cell@${peer}>store@${region}`,
    `operator@${peer}>store@${region}`,
    `operator@${region}>arbiter`,
    `operator@${region}>store@${peer}`,
  ];
}

function pause(world: World, name: string): () => void {
  const process = world.processNamed(name);
  process.pause();
  return () => process.goOn();
}

/** `target` is the link at whose next write the process stops, for as long as the fault lasts after that. */
function trap(world: World, { kind, target, forMs }: Fault): () => void {
  const process = world.processNamed(target.slice(0, target.indexOf('>')));
  const when = kind === 'pause-before-write' ? 'before' : 'after';
  const spring = () => {
    process.pause();
    world.queue.in(forMs, () => process.goOn());
  };
  process.trap = { when, link: target, spring };
  return () => {
    process.trap = null;
  };
}

function crash(world: World, name: string): () => void {
  const process = world.processNamed(name);
  process.crash();
  return () => {
    // Another fault's heal may have started it anew already.
    if (world.processNamed(name) !== process) return;
    const region = regionOf(name);
    if (name.startsWith('cell@')) world.startCell(region);
    else world.startOperator(region);
    world.queue.dirty = true;
  };
}

function hurtStore(world: World, { kind, target, forMs }: Fault): () => void {
  const store = world.store(target);
  switch (kind) {
    case 'freeze':
      store.freeze(world.queue.nowMs);
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
