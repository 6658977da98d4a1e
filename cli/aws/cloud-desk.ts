/** What the commands that deploy, remove and examine the platform on AWS stand on, as a port: everything is prepared first, and shown, before anything changes. */
import type { DeployStep } from '../../control/deploy/deploy-plan.ts';
import type { DeployEars, DeployReport } from '../../control/deploy/run-deploy.ts';
import type { DestroyReport, DestroyRun, Removal } from '../../control/deploy/run-destroy.ts';
import type { Finding } from '../../control/doctor/finding.ts';

export interface CloudDesk {
  /**
   * Synthesises, examines the account, plans. Changes nothing. Throws `UNAUTHENTICATED` before anything else, and
   * `DEPLOY_REFUSED` when there is nothing to deploy from.
   */
  prepareDeploy(request: DeployRequest): Promise<PreparedDeploy>;
  /** Needs no template, so that a platform can be removed whatever became of its configuration. Throws `DEPLOY_REFUSED`. */
  prepareDestroy(request: { readonly production: boolean }): Promise<PreparedDestroy>;
}

export interface DeployRequest {
  readonly cell: string | null;
  readonly region: string | null;
  /** A folder that `cdk synth` wrote; `null`: synthesise now. */
  readonly assemblyDir: string | null;
}

export interface PreparedDeploy {
  readonly account: string;
  readonly steps: readonly DeployStep[];
  readonly findings: readonly Finding[];
  /** Keeps what was synthesised, so that a staged rollout can go back to it. Its release; throws `INVALID_INPUT` when it has none. */
  keep(): Promise<string>;
  run(ears: DeployEars): Promise<DeployReport>;
  close(): Promise<void>;
}

export interface PreparedDestroy {
  readonly account: string;
  readonly removals: readonly Removal[];
  run(ears: Pick<DestroyRun, 'onRemoval' | 'onOutcome'>): Promise<DestroyReport>;
}
