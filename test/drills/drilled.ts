/** One drill on a fake platform, at a quick pace; what it opened is closed after the test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DrillOptions } from '../../drills/drill-options.ts';
import { runDrill } from '../../drills/runner.ts';
import type { FakeFlaws } from './fake-flaws.ts';
import { FakePlatform } from './fake-platform.ts';

export const QUICK: Partial<DrillOptions> = {
  warmUpMs: 200,
  steadyMs: 600,
  holdMs: 300,
  fineProbe: { intervalMs: 20, deadlineMs: 250, openMax: 15 },
  coarseProbe: { intervalMs: 50, deadlineMs: 500, openMax: 4 },
  detectWithinMs: 2_000,
};

const cleanUps: (() => Promise<unknown>)[] = [];
export async function endDrills(): Promise<void> {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
}

export async function drilled(name: string, flaws: FakeFlaws = {}, options: Partial<DrillOptions> = {}) {
  const fake = new FakePlatform(flaws);
  await fake.start();
  const parent = await mkdtemp(join(tmpdir(), 'holdfast-drill-'));
  cleanUps.push(
    () => fake.stop(),
    () => rm(parent, { recursive: true }),
  );
  const reportDir = join(parent, 'report');
  const { port: platform, failover, automation, rollout, tokens } = fake;
  const ports = { platform, failover, automation, operator: rollout, releases: rollout, tokens };
  const request = { name, seed: 1, ...ports, reportDir, onProgress: () => undefined };
  const report = await runDrill({ ...request, options: { ...QUICK, ...options } });
  return { report, reportDir, fake };
}
