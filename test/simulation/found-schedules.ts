/**
 * Long because it is data: whole schedules, to the last digit.
 * Schedules that broke an invariant, made as small as they went, kept so that what they found stays found. `open` ones
 * still break it: the test says so until somebody closes them. Replay: `npm run simulate -- --found <name>`.
 */
import { EAST, type Schedule, WEST } from './schedule.ts';

export interface Found {
  readonly name: string;
  readonly what: string;
  readonly invariant: string;
  readonly state: 'fixed' | 'open';
  readonly schedule: Schedule;
}

export const FOUND: readonly Found[] = [
  {
    name: 'sweep-held-up',
    what: 'One answer that got lost held up the sweep, and with it all replication, for up to a minute.',
    invariant: 'no-peace',
    state: 'fixed',
    schedule: {
      seed: 78,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 10585.754798781127,
      clientEveryMs: 40,
      resumed: true,
      faults: [
        {
          kind: 'region-isolated',
          target: 'us-west-2',
          atMs: 2200.6581147154793,
          forMs: 856.8526496691629,
        },
      ],
      moves: [],
    },
  },
  {
    name: 'message-lost-by-repair',
    what: 'A repair read the messages of the outbox before the aggregate: a message that was written in between was lost.',
    invariant: 'no-peace',
    state: 'fixed',
    schedule: {
      seed: 237,
      ttlMs: 500,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 3550.2735755173494,
      clientEveryMs: 80,
      resumed: false,
      faults: [
        {
          kind: 'region-lost',
          target: 'us-east-1',
          atMs: 394.8037293506786,
          forMs: 838.7778000091203,
        },
        {
          kind: 'cut',
          target: 'operator@us-west-2>store@us-east-1',
          atMs: 1055.9906419599429,
          forMs: 749.2186166113243,
        },
        {
          kind: 'cut',
          target: 'cell@us-east-1>arbiter',
          atMs: 1317.470151151065,
          forMs: 1024.9042504350655,
        },
        {
          kind: 'spiky',
          target: 'cell@us-east-1>store@us-west-2',
          atMs: 1345.5023970105688,
          forMs: 1024.9042504350655,
        },
        {
          kind: 'region-lost',
          target: 'us-west-2',
          atMs: 1780.8141860412436,
          forMs: 1177.6203165994957,
        },
        {
          kind: 'region-lost',
          target: 'us-west-2',
          atMs: 2146.0906609194353,
          forMs: 804.20990542043,
        },
      ],
      moves: [
        {
          atMs: 490.30075441114604,
          by: WEST,
          kind: 'failover',
          hesitatesMs: 0,
        },
      ],
    },
  },
  {
    name: 'closed-fence-spread',
    what: 'The source of a stale commit took over the epoch of a store that was only being closed: what the planned move then drained was set aside instead.',
    invariant: 'drained-loss',
    state: 'fixed',
    schedule: {
      seed: 24,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 4616.665998981334,
      clientEveryMs: 40,
      resumed: true,
      faults: [
        {
          kind: 'region-isolated',
          target: 'us-east-1',
          atMs: 402.92022712295875,
          forMs: 2006.9016004842704,
        },
        {
          kind: 'cut',
          target: 'cell@us-east-1>store@us-west-2',
          atMs: 1303.6277296766639,
          forMs: 1433.330937505234,
        },
      ],
      moves: [
        {
          atMs: 378.48323717247695,
          by: WEST,
          kind: 'failover',
          hesitatesMs: 0,
        },
        {
          atMs: 2819.6716062538326,
          by: WEST,
          kind: 'switchover',
          hesitatesMs: 0,
        },
      ],
    },
  },
  {
    name: 'owner-overwritten',
    what: 'A region that took its own cell back under a higher epoch had its unshipped commits judged as stale: set aside, and its own copy overwritten.',
    invariant: 'owner-overwritten',
    state: 'fixed',
    schedule: {
      seed: 611,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 3126.9404253875837,
      clientEveryMs: 40,
      resumed: true,
      faults: [
        {
          kind: 'conflicts',
          target: 'store@us-west-2',
          atMs: 1626.0780388768765,
          forMs: 2514.2977434955537,
        },
      ],
      moves: [
        {
          atMs: 2536.99654860422,
          by: WEST,
          kind: 'switchover',
          hesitatesMs: 0,
        },
      ],
    },
  },
  {
    name: 'owner-in-line-and-quarantine',
    what: 'The same, with the commit left in the line and in the quarantine.',
    invariant: 'in-line-and-quarantine',
    state: 'fixed',
    schedule: {
      seed: 330,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 3927.0478479517624,
      clientEveryMs: 80,
      resumed: true,
      faults: [
        {
          kind: 'throttle',
          target: 'store@us-west-2',
          atMs: 451.16766745224595,
          forMs: 2258.039545970969,
        },
        {
          kind: 'region-isolated',
          target: 'us-east-1',
          atMs: 545.6656934134662,
          forMs: 59.84932287130505,
        },
      ],
      moves: [
        {
          atMs: 407.8845216985792,
          by: WEST,
          kind: 'switchover',
          hesitatesMs: 1191.0067783668637,
        },
      ],
    },
  },
  {
    name: 'repair-read-backwards',
    what: 'A repair read the owner before the target, and put an older state over a commit that arrived in between.',
    invariant: 'repair-undid',
    state: 'fixed',
    schedule: {
      seed: 1102,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 5678.40762570966,
      clientEveryMs: 40,
      resumed: true,
      faults: [
        {
          kind: 'region-isolated',
          target: 'us-east-1',
          atMs: 468.374879071489,
          forMs: 2898.7130340817384,
        },
        {
          kind: 'spiky',
          target: 'cell@us-west-2>store@us-east-1',
          atMs: 3508.9761916268617,
          forMs: 2195.2383740851656,
        },
        {
          kind: 'region-isolated',
          target: 'us-west-2',
          atMs: 3662.6875636400655,
          forMs: 2215.933820446953,
        },
      ],
      moves: [
        {
          atMs: 367.374350912869,
          by: WEST,
          kind: 'failover',
          hesitatesMs: 0,
          falls: {
            at: 'drain',
            how: 'crash',
            forMs: 279.74010701291263,
          },
        },
        {
          atMs: 3598.8095867587253,
          by: EAST,
          kind: 'failover',
          hesitatesMs: 0,
        },
      ],
    },
  },
  {
    name: 'late-close',
    what: 'A store that is closed late makes an older commit of the owner look stale.',
    invariant: 'in-line-and-quarantine',
    state: 'fixed',
    schedule: {
      seed: 2761,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'refuse',
      chaosMs: 7000.382431587204,
      clientEveryMs: 80,
      resumed: true,
      faults: [
        {
          kind: 'region-isolated',
          target: 'us-east-1',
          atMs: 344.0692144841887,
          forMs: 2287.046904412564,
        },
        {
          kind: 'slow',
          target: 'store@us-east-1',
          atMs: 2341.057675089687,
          forMs: 752.3147022631019,
        },
        {
          kind: 'region-lost',
          target: 'us-west-2',
          atMs: 2668.729613623582,
          forMs: 2513.620785162784,
        },
      ],
      moves: [
        {
          atMs: 390.8542366325855,
          by: WEST,
          kind: 'failover',
          hesitatesMs: 0,
        },
        {
          atMs: 2747.259704209864,
          by: EAST,
          kind: 'failover',
          hesitatesMs: 0,
        },
      ],
    },
  },
  {
    name: 'alone-after-contact',
    what: 'A region went on to acknowledge alone although its peer had answered: health heard of whole shipments only.',
    invariant: 'alone-without-lease',
    state: 'fixed',
    schedule: {
      seed: 33,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 5678.40762570966,
      clientEveryMs: 40,
      resumed: true,
      faults: [
        {
          kind: 'region-isolated',
          target: 'us-east-1',
          atMs: 468.374879071489,
          forMs: 2898.7130340817384,
        },
      ],
      moves: [
        {
          atMs: 367.374350912869,
          by: WEST,
          kind: 'failover',
          hesitatesMs: 0,
          falls: {
            at: 'drain',
            how: 'crash',
            forMs: 279.74010701291263,
          },
        },
      ],
    },
  },
  {
    name: 'quarantined-then-in-line',
    what: 'A commit was set aside, and then its region became the owner again with it: it waited in the quarantine of the other.',
    invariant: 'in-line-and-quarantine',
    state: 'fixed',
    schedule: {
      seed: 77,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 5678.40762570966,
      clientEveryMs: 40,
      resumed: true,
      faults: [
        {
          kind: 'region-isolated',
          target: 'us-east-1',
          atMs: 468.374879071489,
          forMs: 2898.7130340817384,
        },
        {
          kind: 'spiky',
          target: 'cell@us-west-2>store@us-east-1',
          atMs: 3508.9761916268617,
          forMs: 2195.2383740851656,
        },
        {
          kind: 'region-isolated',
          target: 'us-west-2',
          atMs: 3662.6875636400655,
          forMs: 2215.933820446953,
        },
      ],
      moves: [
        {
          atMs: 367.374350912869,
          by: WEST,
          kind: 'failover',
          hesitatesMs: 0,
          falls: {
            at: 'drain',
            how: 'crash',
            forMs: 279.74010701291263,
          },
        },
        {
          atMs: 3598.8095867587253,
          by: EAST,
          kind: 'failover',
          hesitatesMs: 0,
        },
      ],
    },
  },
  {
    name: 'gone-although-it-answered',
    what: 'A region that took over declared its peer gone by the evidence of the move, though the peer had answered it since.',
    invariant: 'alone-without-lease',
    state: 'fixed',
    schedule: {
      seed: 30865,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 1870.1585682947189,
      clientEveryMs: 120,
      resumed: true,
      twins: false,
      torn: false,
      watching: true,
      faults: [
        {
          kind: 'region-isolated',
          target: 'us-east-1',
          atMs: 402.2533063823357,
          forMs: 1149.5701418886892,
        },
      ],
      moves: [
        {
          atMs: 385.17551579046994,
          by: WEST,
          kind: 'failover',
          hesitatesMs: 0,
        },
      ],
    },
  },
  {
    name: 'repair-after-failover',
    what: 'A process slept between judging a repair of the peer and doing it; meanwhile the peer became the owner, and its copy was replaced.',
    invariant: 'owner-overwritten',
    state: 'fixed',
    schedule: {
      seed: 1000002,
      ttlMs: 900,
      fenceShards: 1,
      peerLoss: 'continue',
      chaosMs: 4850.096574681811,
      clientEveryMs: 80,
      resumed: true,
      twins: true,
      torn: true,
      watching: false,
      readers: true,
      lazy: false,
      hasty: true,
      faults: [
        {
          kind: 'region-isolated',
          target: 'us-east-1',
          atMs: 239.5786184933968,
          forMs: 1720.6745452992618,
        },
        {
          kind: 'cut',
          target: 'cell@us-east-1>arbiter',
          atMs: 1788.4722534404139,
          forMs: 2098.5639205598272,
        },
        {
          kind: 'restart',
          target: 'store@us-west-2',
          atMs: 2533.1602779543027,
          forMs: 1588.1009906809777,
        },
        {
          kind: 'pause-after-write',
          target: 'twin@us-west-2>store@us-west-2',
          atMs: 2751.204677647911,
          forMs: 2102.7739088097587,
        },
        {
          kind: 'pause-after-write',
          target: 'cell@us-west-2>arbiter',
          atMs: 3655.347462920472,
          forMs: 1866.7603169730862,
        },
      ],
      moves: [
        {
          atMs: 266.0341669479385,
          by: WEST,
          kind: 'failover',
          hesitatesMs: 0,
          falls: {
            at: 'done',
            how: 'pause',
            forMs: 340.6669994350523,
          },
        },
        {
          atMs: 2103.1045870203525,
          by: EAST,
          kind: 'resume',
          hesitatesMs: 0,
        },
        {
          atMs: 2118.824109188281,
          by: WEST,
          kind: 'failover',
          hesitatesMs: 0,
        },
        {
          atMs: 3982.4731780122966,
          by: EAST,
          kind: 'failover',
          hesitatesMs: 0,
          falls: {
            at: 'open',
            how: 'crash',
            forMs: 1500.1816910225898,
          },
        },
      ],
    },
  },
];
