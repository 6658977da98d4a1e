/** A recovery in an operator's hands: its ports, whoever they need, and the lines of the timeline that say that it began and what came of it. */
import { userInfo } from 'node:os';
import type { RecoveryPorts, RecoveryReport } from '../../control/recovery/recover.ts';
import type { Rng } from '../../core/rng.ts';
import { EVERYWHERE } from '../../core/timeline/timeline.ts';
import type { Machine } from '../failover-operator.ts';
import type { CliServices } from '../services.ts';
import { openLocalRecovery } from './local-recovery.ts';
import type { RecoveryWish } from './recovery-target.ts';

export interface RecoveryDesk {
  readonly ports: RecoveryPorts;
  readonly rng: Rng;
  /** Tells the timeline; never throws. */
  tell(report: RecoveryReport): Promise<void>;
  close(): void;
}

export async function openRecoveryDesk(
  services: Pick<CliServices, 'attach' | 'rollouts' | 'documents' | 'timeline' | 'stateDir'>,
  { wish, machine }: { readonly wish: RecoveryWish; readonly machine: Machine },
): Promise<RecoveryDesk> {
  const control = await services.attach();
  const view = await control.view();
  const [rollouts, documents, timeline] = await Promise.all([
    services.rollouts(),
    services.documents(view),
    services.timeline(view),
  ]);
  const recovery = await openLocalRecovery(
    { control, machine, issuerDir: services.stateDir, rollouts, documents },
    wish,
  );
  const what = wish.kind === 'document' ? wish.type : wish.release;
  const story = `recovery ${machine.clock.wallMs()}`;
  const line = (phase: 'begins' | 'ends', outcome: string) =>
    timeline.append({
      ...{ id: `${story} ${phase}`, story, kind: 'recovery', phase, atMs: machine.clock.wallMs() },
      ...{ what: `recovery of ${wish.kind} ${what}${outcome}`, by: userInfo().username, why: wish.why },
      scope: EVERYWHERE,
    });
  // One that dies on its way leaves this.
  await line('begins', '');
  return {
    ports: recovery.ports,
    rng: machine.rng,
    tell: (report) => line('ends', `: ${report.state}`),
    close: () => {
      for (const each of [recovery, rollouts, documents, timeline]) each.close();
    },
  };
}
