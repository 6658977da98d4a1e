/**
 * A switch that is set before a drill takes away what could set another: it must stay in effect, in what every process says that it
 * runs and in what clients are answered.
 */
import { done } from './commands.ts';
import { runsEverywhere } from './document-evidence.ts';
import { cellProcesses, documentsSeen, seenText } from './documents-seen.ts';
import { type Lab, until } from './lab.ts';
import { oneOfEachCell } from './workload/entry.ts';
import { membersOf } from './workload/product.ts';
import { RepeatedReads, readOnce } from './workload/repeated-reads.ts';
import { DRILL_SKU } from './workload/shopper.ts';

/** An edition is in effect two seconds after its write; three times that on a busy machine. */
const IN_EFFECT_MS_MAX = 6_000;
/** The switch that is set before; it shows in every answer of this path. */
const SWITCH = 'no-like-counts';
const LIKES = `/products/${DRILL_SKU}/likes`;

/** Sets it, waits until every process runs it, and takes it back after the work. Throws when it does not come to be in effect. */
export async function withSwitch(lab: Lab, work: (version: number) => Promise<void>): Promise<void> {
  const setting = ['mode', 'switch', 'on', SWITCH, '--why', 'drill', '--expires', '1h', '--json'];
  const version = Number(membersOf(await done(lab, setting)).version);
  const everywhere = await until(lab, { withinMs: IN_EFFECT_MS_MAX }, async () =>
    runsEverywhere(await documentsSeen(lab, 'modes'), { version, processes: cellProcesses(lab) }),
  );
  if (!everywhere) throw new Error(`modes@${version} is not in effect everywhere after ${IN_EFFECT_MS_MAX} ms.`);
  lab.mark('load', `${SWITCH} is set: every process runs modes@${version}`);
  await work(version);
  await done(lab, ['mode', 'switch', 'off', SWITCH, '--why', 'drill over', '--now', '--json']);
  lab.mark('served', `${SWITCH} is taken back: documents are published again`);
}

/** Until stopped, through the router of `region`. */
export function readUnderSwitch(lab: Lab, region: string): RepeatedReads {
  const { http, clock, recorder } = lab;
  const routers = [lab.sight.routers[region] ?? ''];
  const nowMs = () => recorder.nowMs();
  return new RepeatedReads({ http, clock, nowMs, tenants: oneOfEachCell(lab.tenants), routers, path: LIKES });
}

/** One read of each cell through the router of a region, where it is now. */
export async function readThrough(lab: Lab, region: string): Promise<void> {
  const origin = (await lab.platform.view()).routers[region] ?? '';
  for (const tenant of oneOfEachCell(lab.tenants)) {
    const outcome = await readOnce({ http: lab.http, path: LIKES }, { tenant, origin });
    const otherwise = `The restarted router did not serve ${tenant.cell} as the switch says: ${outcome.status} ${JSON.stringify(outcome.body)}.`;
    lab.notes.expectations.push({ held: showsSwitch(outcome), otherwise });
  }
}

export function showsSwitch(outcome: Awaited<ReturnType<typeof readOnce>>): boolean {
  return outcome.type === 'ok' && outcome.degraded === SWITCH && membersOf(outcome.body).likes === null;
}

export async function expectSwitch(lab: Lab, { version, when }: { version: number; when: string }): Promise<void> {
  const seen = await documentsSeen(lab, 'modes');
  const held = runsEverywhere(seen, { version, processes: cellProcesses(lab) });
  lab.notes.expectations.push({
    held,
    otherwise: `Not every process runs modes@${version} ${when}: ${seenText(seen)}.`,
  });
}
