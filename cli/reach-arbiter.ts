/**
 * The ports of the first region that reaches the arbiter, so that what is switched or published there can be switched and
 * published while a region is gone.
 */
import { isPlatformError, PlatformError } from '../core/errors.ts';
import type { Machine } from './failover-operator.ts';
import { type OperatorPorts, openOperatorPorts } from './operator-ports.ts';
import type { OperatorReach } from './operator-reach.ts';

export interface Reaching {
  readonly machine: Machine;
  /** Asks the arbiter something cheap. */
  readonly probe: (ports: OperatorPorts) => Promise<unknown>;
  /** What cannot be done when nobody reaches it; a sentence. */
  readonly without: string;
}

/** Throws `ARBITER_UNAVAILABLE` when no region does. */
export async function reachArbiter(
  reach: OperatorReach,
  { machine, probe, without }: Reaching,
): Promise<OperatorPorts> {
  const { regions } = reach.topology;
  let lastError: unknown = null;
  for (const region of regions) {
    const opened = openOperatorPorts({ reach, region, ...machine });
    try {
      await probe(opened);
      return opened;
    } catch (thrown) {
      // What answers with nonsense was reached; repairing it must be possible, too.
      if (!isPlatformError(thrown) || thrown.code === 'INVALID_INPUT') return opened;
      lastError = thrown;
      opened.close();
    }
  }
  throw new PlatformError({
    code: 'ARBITER_UNAVAILABLE',
    kind: 'dependency',
    effect: 'none',
    message: `No region reaches the arbiter (tried ${regions.join(', ')}). ${without}`,
    cause: lastError,
  });
}
