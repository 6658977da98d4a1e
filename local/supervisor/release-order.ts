/** An order to run a release, checked as it comes in, and the guard against one that comes too late. */
import { invalid } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import type { ReleaseOrder } from '../platform-control.ts';
import { releaseName } from '../releases/release-manifest.ts';

/** Throws `INVALID_INPUT`. */
export function parseReleaseOrder(value: unknown): ReleaseOrder {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Partial<
    Record<keyof ReleaseOrder, unknown>
  >;
  const release = releaseName(given.release);
  if (given.token === undefined) return { release };
  if (typeof given.token === 'number' && Number.isSafeInteger(given.token) && given.token >= 0)
    return { release, token: given.token };
  throw invalid(`Not a token of a rollout: ${shown(given.token)}. Allowed: a whole number from 0, or none.`);
}

/** Throws `INVALID_INPUT` for an order of a rollout that another one, or another orchestrator of the same, has overtaken. */
export function refuseOvertaken({ token }: ReleaseOrder, seen: number): void {
  if (token === undefined || token >= seen) return;
  throw invalid(
    `This order comes too late: its rollout stood at ${token}, and ${seen} was seen since. Another orchestrator has gone on; see "holdfast deploy status".`,
  );
}
