/**
 * The doorbell on AWS: invokes the keeper of a cell's region, which then looks at its lease. Asynchronous and best effort,
 * as the doorbell of a host is: the schedule looks by itself before long, and a failover only waits a little longer for it.
 */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { Clock } from '../../core/clock.ts';
import { Deadline } from '../../resilience/deadline.ts';

/** Nobody waits for the answer; this only keeps a hung connection from holding the process. */
const INVOKE_MS_MAX = 3_000;

export interface KeeperBell {
  readonly lambda: LambdaClient;
  /** With its alias: `holdfast-c01-keeper:live`. */
  readonly keeper: string;
  readonly clock: Clock;
}

export function invokeKeeper({ lambda, keeper, clock }: KeeperBell): void {
  const command = new InvokeCommand({ FunctionName: keeper, InvocationType: 'Event', Payload: RUNG });
  new Deadline({ clock, ms: INVOKE_MS_MAX })
    .run('The doorbell', (abortSignal) => lambda.send(command, { abortSignal }))
    .catch(() => undefined); // A region that is gone can't be rung.
}

const RUNG = Buffer.from(JSON.stringify({ holdfast: 'ring' }));
