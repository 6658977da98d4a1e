/**
 * One round of probes: asks the router function of every *other* region, by direct invocation, what it sees of every cell. Another
 * path than clients take up to the router (Lambda's API instead of CloudFront and the public URL), the same one from there.
 * A region is looked at from outside only: its own look would be gone with it, and cost as much again.
 */
import type { Clock } from '../../core/clock.ts';
import type { RegionName } from '../../core/ids.ts';
import type { Topology } from '../../core/topology.ts';
import type { HttpsCaller } from './https-caller.ts';
import { PROBE_EVENT, type ProbeReport } from './probe-errand.ts';
import { probeLines } from './probe-metrics.ts';
import type { CallSigner } from './signed-call.ts';

export interface ProbeParts {
  readonly clock: Clock;
  readonly topology: Topology;
  /** Where the probe stands. */
  readonly region: RegionName;
  readonly caller: HttpsCaller;
  readonly signer: CallSigner;
  /** Of the router function in a region, for one invocation. */
  readonly invokeUrl: (region: RegionName) => string;
}

/** A router asks a cell for 5 s at most, all at once. */
const ROUTER_MS_MAX = 12_000;
/** A thousand cells at some 120 bytes. */
const REPORT_BYTES_MAX = 512 * 1024;

/** Never rejects: a router that can't be asked is what it reports. */
export async function probeRound(parts: ProbeParts): Promise<readonly string[]> {
  const cells = parts.topology.cells.map(({ id }) => id);
  const others = parts.topology.regions.filter((region) => region !== parts.region);
  const lines = others.map(async (region) => {
    const report = await askRouter(parts, region).catch(() => null);
    return probeLines({ region, cells, report }, parts.clock.wallMs());
  });
  return (await Promise.all(lines)).flat();
}

async function askRouter(parts: ProbeParts, region: RegionName): Promise<ProbeReport | null> {
  const body = Buffer.from(JSON.stringify(PROBE_EVENT));
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
  const signed = await parts.signer.sign({
    ...{ url: parts.invokeUrl(region), method: 'POST', headers, body, service: 'lambda', region },
  });
  const [late, ended] = [new AbortController(), new AbortController()];
  // The sleep is cut short when the call ended first.
  parts.clock.sleep(ROUTER_MS_MAX, ended.signal).then(
    () => late.abort(),
    () => undefined,
  );
  const outcome = await parts.caller.call({ ...signed, bytesMax: REPORT_BYTES_MAX, signal: late.signal });
  ended.abort();
  if (outcome.kind !== 'answered' || outcome.status !== 200) return null;
  const report = JSON.parse(outcome.body.toString('utf8')) as Partial<ProbeReport> | null;
  return Array.isArray(report?.cells) ? (report as ProbeReport) : null;
}
