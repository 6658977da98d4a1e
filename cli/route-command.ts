/** `holdfast route explain <tenant>`: where every router would send the tenant, why, and whether they agree. */
import type { Command } from 'commander';
import { toPlatformError } from '../core/errors.ts';
import { tenantId } from '../core/ids.ts';
import type { PlatformView } from '../local/platform-control.ts';
import type { CliServices } from './services.ts';
import type { Outcome, Shell } from './shell.ts';
import { duration, textTable } from './text-table.ts';

/** A router answers from memory. */
const ROUTER_MS_MAX = 1_000;

/** As a router explains it; what it leaves out is unknown. */
interface Explanation {
  readonly bucket?: number;
  readonly cell?: string;
  readonly by?: 'bucket' | 'override';
  readonly region?: string;
  readonly alternative?: string;
  readonly epoch?: number | null;
  readonly regionBy?: 'home' | 'ownership';
  readonly map?: { readonly version?: number; readonly ageMs?: number; readonly stale?: boolean } | null;
}

interface RouterAnswer {
  readonly router: string;
  readonly explanation: Explanation | null;
  readonly problem: string | null;
}

export function addRouteCommand(program: Command, { shell, services }: { shell: Shell; services: CliServices }): void {
  const route = program.command('route').description('how requests find their cell');
  route
    .command('explain')
    .description('where each router sends a tenant, and why')
    .argument('<tenant>', '1–64 of A–Z a–z 0–9 . _ -')
    .action(
      shell.action(async ({ args }) => {
        const tenant = tenantId(args[0]);
        const view = await (await services.attach()).view();
        return outcome(tenant, await askRouters({ tenant, view, services }));
      }),
    );
}

function askRouters(ask: { tenant: string; view: PlatformView; services: CliServices }): Promise<RouterAnswer[]> {
  return Promise.all(
    Object.entries(ask.view.routers).map(async ([router, url]) => {
      try {
        const target = `${url}/_holdfast/explain?tenant=${encodeURIComponent(ask.tenant)}`;
        const { status, body } = await ask.services.getJson(target, { withinMs: ROUTER_MS_MAX });
        if (status === 200) return { router, explanation: body as Explanation, problem: null };
        const detail = (body as { detail?: string } | null)?.detail;
        return { router, explanation: null, problem: detail ?? `answered ${status}` };
      } catch (thrown) {
        return { router, explanation: null, problem: `does not answer: ${toPlatformError(thrown).message}` };
      }
    }),
  );
}

function outcome(tenant: string, answers: readonly RouterAnswer[]): Outcome {
  const explained = answers.flatMap(({ explanation }) => (explanation ? [explanation] : []));
  const agree = new Set(explained.map(({ cell, region }) => `${cell}@${region}`)).size <= 1;
  const first = explained[0];
  const rows = answers.map(({ router, explanation, problem }) => [router, ...describe(explanation, problem)]);
  const columns = ['ROUTER', 'SENDS TO', 'BECAUSE', 'ELSE', 'MAP'].map((title) => ({ title }));
  const lines = [
    first ? `${tenant} → bucket ${first.bucket} → cell ${first.cell} (by ${first.by})` : `${tenant}: no router knows`,
    '',
    textTable(columns, rows),
    ...(agree ? [] : ['', 'The routers disagree: one of them has not learnt of a change yet. Ask again in a moment.']),
  ];
  return {
    text: lines.join('\n'),
    json: { tenant, agree, routers: answers },
    ...(first ? {} : { exitCode: 1 as const }),
  };
}

function describe(explanation: Explanation | null, problem: string | null): readonly string[] {
  if (!explanation) return [problem ?? ''];
  const { cell, region, epoch, regionBy, alternative, map } = explanation;
  const because = regionBy === 'ownership' ? `owner, epoch ${epoch}` : 'home region; owner not known yet';
  const age = `version ${map?.version ?? '?'}, ${duration(map?.ageMs)} old${map?.stale ? ' (stale)' : ''}`;
  return [`${cell}@${region}`, because, alternative ?? '', age];
}
