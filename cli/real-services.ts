/**
 * The services of the commands on this machine. What is heavy (the SDK, the supervisor, the drills) is loaded by the command
 * that needs it, so that `holdfast --help` and `holdfast token` answer at once.
 */
import { type Clock, systemClock } from '../core/clock.ts';
import { PlatformError } from '../core/errors.ts';
import { systemRng } from '../core/rng.ts';
import type { Topology } from '../core/topology.ts';
import type { CloudDesk } from './aws/cloud-desk.ts';
import type { CliServices, GetOptions, HttpAnswer } from './services.ts';

const clock: Clock = systemClock;
const machine = { clock, rng: systemRng };

/** A status page of the largest platform that runs on one machine is far below this. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

export function realServices({ stateDir }: { readonly stateDir: string }): CliServices {
  const attach: CliServices['attach'] = async () =>
    (await import('../local/http-platform-control.ts')).attachToPlatform(stateDir);
  const topology: CliServices['topology'] = async () => (await import('../platform.config.ts')).default;
  const services: CliServices = {
    clock,
    stateDir,
    topology,
    attach,
    start: async (options) => {
      const { startPlatform } = await import('../local/supervisor/start-platform.ts');
      const platform = await startPlatform({ ...options, stateDir });
      // The supervisor's signal handlers end the platform and then this process.
      return { view: () => platform.view(), untilEnd: () => new Promise<never>(() => undefined) };
    },
    issueToken: async (options) => {
      const { openDevIssuer } = await import('../local/issuer.ts');
      return (await openDevIssuer(stateDir)).issueToken(options);
    },
    getJson,
    failover: async ({ view, ...place }) => {
      const { linkReach } = await import('./operator-reach.ts');
      const reach = linkReach(view, clock);
      return (await import('./failover-operator.ts')).openFailoverOperator({ ...place, reach }, machine);
    },
    aws: async () => {
      const { openAwsSite } = await import('./aws/aws-site.ts');
      const { default: config } = await import('../platform.config.ts');
      return openAwsSite({ topology: config, stateDir, machine, desk: () => openDesk({ stateDir, topology: config }) });
    },
    automation: async (view) => (await import('./automation-operator.ts')).openAutomationOperator(view, machine),
    documents: async (view) => {
      const { openLocalDocuments } = await import('./local-documents.ts');
      return openLocalDocuments({ view, machine, attach, issuerDir: stateDir });
    },
    timeline: async (view) => {
      const { linkReach } = await import('./operator-reach.ts');
      return (await import('./timeline-desk.ts')).openTimelineDesk(linkReach(view, clock), machine);
    },
    rollouts: async () => {
      const { openLocalRollouts } = await import('./rollout/local-rollouts.ts');
      return openLocalRollouts({ control: await attach(), machine, issuerDir: stateDir });
    },
    quarantine: async (view) => (await import('./quarantine-operator.ts')).openQuarantineOperator(view, machine),
    cloud: async () => openDesk({ stateDir, topology: await topology() }),
    examineMachine: async () => (await import('./examine-machine.ts')).examineMachine(),
    releases: async (parentDir) =>
      (await import('../local/releases/open-shelf.ts')).openReleaseDesk({ parentDir, clock }),
    drills: async () => (await import('./drill-book.ts')).openDrillBook({ stateDir, machine }),
    benches: async () => (await import('./bench-registry.ts')).BENCHES,
    recovery: async (wish) =>
      (await import('./recovery/recovery-desk.ts')).openRecoveryDesk(services, { wish, machine }),
  };
  return services;
}

async function openDesk(of: { readonly stateDir: string; readonly topology: Topology }): Promise<CloudDesk> {
  const [{ openCloudDesk }, { assemblyShelf }, { findProject }] = await Promise.all([
    import('./aws/open-cloud-desk.ts'),
    import('./aws/assembly-shelf.ts'),
    import('../local/project-root.ts'),
  ]);
  const { rootDir } = findProject();
  return openCloudDesk({ topology: of.topology, clock, rootDir, shelf: assemblyShelf(of.stateDir) });
}

async function getJson(url: string, { withinMs, headers = {} }: GetOptions): Promise<HttpAnswer> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(withinMs) });
  const text = await response.text();
  if (text.length > ANSWER_BYTES_MAX) throw notJson(url, `${text.length} bytes`);
  try {
    return { status: response.status, body: JSON.parse(text) };
  } catch (cause) {
    throw notJson(url, cause instanceof Error ? cause.message : String(cause));
  }
}

function notJson(url: string, seen: string): PlatformError {
  return new PlatformError({
    code: 'INTERNAL',
    kind: 'dependency',
    effect: 'none',
    message: `${url} did not answer with JSON of at most ${ANSWER_BYTES_MAX} bytes (${seen}). Another program may be listening there.`,
  });
}
