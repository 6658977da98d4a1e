/**
 * The one file to edit first when you make this platform yours: where it runs, how it is divided, and how quickly it
 * gives up on a region. Nothing else names a region or a cell. A mistake here stops every command with a message that
 * says where, what was seen and what is allowed.
 */
import { type TopologyInput, validateTopology } from './core/topology.ts';

const topology: TopologyInput = {
  // Regions that serve tenants. On AWS: regions of the account. On one machine: any names, each is emulated.
  regions: ['us-east-1', 'us-west-2'],

  // The quorum store that decides who owns a cell. Two replicas and a witness in a third region, so that the loss of any
  // one region leaves a majority. On AWS all three must lie in one region set (US, EU or Asia Pacific); the witness costs
  // nothing when idle and can't be read. On one machine it is one process that both regions reach through their own links.
  arbiter: { replicas: ['us-east-1', 'us-west-2'], witness: 'us-east-2' },

  // Each cell is a complete, independent copy of the services and their store, in its home and its standby region, and
  // serves a share of the tenants: at the loss of one cell the rest does not notice. Spread the homes over the regions.
  //   weight              its share of the tenants relative to the others (1–100, default 1)
  //   intake              'open' (default) or 'draining': keeps its tenants, gets no newcomers
  //   writesPerSecondMax  what it is sized for (default 100); decides over how many items its fence is spread
  cells: [
    { id: 'c01', home: 'us-east-1', standby: 'us-west-2' },
    { id: 'c02', home: 'us-west-2', standby: 'us-east-1' },
    { id: 'c03', home: 'us-east-1', standby: 'us-west-2' },
  ],

  // In which order a change reaches the cells. Put the cell you can best afford to break into the first wave, alone.
  waves: [['c01'], ['c02'], ['c03']],

  // How long a region may go on without the arbiter, and thereby how long writes are away when a region vanishes without
  // a trace: 1.1 × ttlMs. Shorter recovers sooner and mistakes a pause for a loss more often. At least three renewals
  // must fit in (renewEveryMs ≤ ttlMs ÷ 3).
  lease: { ttlMs: 3_000, renewEveryMs: 750 },

  // What a write that must reach both regions does once the other region has been gone for longer than a lease:
  // 'continue' in one region and say so in the answer, or 'refuse' until the peer is back.
  peerLoss: 'continue',

  // Who decides when a region looks dead. 'manual': people alone; 'assisted': the platform proposes, with the evidence, and a
  // person approves; 'automatic': it moves cells by itself. "holdfast automation" changes it while the platform runs, and
  // turns it off. The guard rails hold for the whole platform:
  //   detectAfterMs   a lease that was not renewed for this long is suspect (default, and at least: 2 × renewEveryMs)
  //   agreementMs     for how long what clients see and what the inside says must agree without a break
  //   cellsMovedMax   no more cells than this are moved by itself …
  //   windowMs        … within this time; the rest waits for a person
  //   cooldownMs      a cell that was moved is left alone for this long (at least windowMs)
  //   jitterMs        it waits for a random part of this and looks again before it acts
  automation: {
    mode: 'assisted',
    agreementMs: 500,
    cellsMovedMax: 2,
    windowMs: 300_000,
    cooldownMs: 600_000,
    jitterMs: 250,
  },

  // For "cdk deploy" and "holdfast … --target aws"; one machine ignores it. Every line may be left out.
  //   stage                'sandbox': everything is gone after a destroy. 'production': tables are kept and can't be deleted by
  //                        accident, logs are kept longer, and identity must be given
  //   keepers              how leases are renewed: 'economy' once a minute (a region that vanishes is missed for minutes, idling
  //                        costs cents), 'fast' as above under lease (some 5 USD a month for each cell and region),
  //                        'pinned': a lease never runs out, so a cell moves only while its old store answers
  //   entry                behind the global address: 'regional', the routers of the regions, or 'edge', one more at CloudFront
  //   reservedConcurrency  how many copies of a service one cell may run in one region; 10 requests a second each at most
  //   accountConcurrency   your quota "Concurrent executions" in each region (new accounts may have 10: ask for more first)
  //   budgetUsdPerMonth    a warning at 80 % and 100 % of it; nothing is stopped
  //   faultInjection       whether functions carry the extension of AWS FIS (default: in a sandbox)
  //   alarmEmail, domain {name, certificateArn}, identity {issuer, jwksUrl}    default: none; tokens of "holdfast token"
  aws: {
    stage: 'sandbox',
    keepers: 'economy',
    entry: 'regional',
    reservedConcurrency: { cart: 10, catalog: 10, checkout: 10 },
    accountConcurrency: 1_000,
    budgetUsdPerMonth: 20,
  },
};

export default validateTopology(topology);
