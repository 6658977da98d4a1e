/**
 * How far the platform is deployed already: a run that was cut off, by Ctrl-C or by a laptop that was closed, is not silent as long
 * as the stacks can be asked. What the next deployment repairs by itself is told with what it will do; what it would refuse is a blocker.
 */
import { type StackState, standingOf, treatmentOf } from '../deploy/stack-standing.ts';
import type { StackPlace } from '../deploy/stacks.ts';
import { blocker, type Finding, fine, unfinished } from './finding.ts';
import type { SynthesisedStack } from './synthesised-app.ts';

type Present = StackPlace & { readonly state: StackState };

const AGAIN = 'Run "holdfast deploy --target aws":';

/** `present`: what is there under our prefix in the regions that can be asked. Of others' stacks another check tells. */
export function checkDeployment(of: {
  readonly present: readonly Present[];
  readonly app: readonly Pick<SynthesisedStack, 'stack' | 'region'>[];
}): readonly Finding[] {
  const check = 'deployment';
  const ours = of.present.filter(({ state }) => state.stage !== null && standingOf(state) !== 'absent');
  if (ours.length === 0) return [fine({ check, seen: 'nothing of it is there yet' })];
  const troubles = ours.flatMap((stack) => troubleOf(stack, check));
  const missing = of.app.filter(
    ({ stack, region }) => !ours.some((one) => one.stack === stack && one.region === region),
  );
  const releases = [...new Set(ours.flatMap(({ state }) => state.release ?? []))].sort();
  const count = `${of.app.length - missing.length} of ${of.app.length} stacks are there`;
  if (missing.length > 0) {
    const names = missing.map(({ stack }) => stack).join(', ');
    const remedy = `${AGAIN} it goes on with what is missing.`;
    return [...troubles, unfinished({ check, seen: `${count}; not yet: ${names}`, remedy })];
  }
  if (releases.length > 1) {
    const remedy = `${AGAIN} it brings all to this release; a rollout that is under way does so by itself.`;
    return [
      ...troubles,
      unfinished({ check, seen: `${count}, of different releases: ${releases.join(', ')}`, remedy }),
    ];
  }
  return troubles.length > 0 ? troubles : [fine({ check, seen: `${count}, release ${releases[0] ?? 'unknown'}` })];
}

function troubleOf({ stack, region, state }: Present, check: string): readonly Finding[] {
  const treatment = treatmentOf(state, { stack });
  const at = { check, where: region };
  const seen = (what: string) => `${stack} ${what} (${state.status})`;
  switch (treatment.take) {
    case 'deploy':
      return [];
    case 'wait':
      return [unfinished({ ...at, seen: seen('is still being changed'), remedy: `${AGAIN} it waits for that first.` })];
    case 'recreate':
      return [
        unfinished({ ...at, seen: seen('could not be created'), remedy: `${AGAIN} it deletes that and begins anew.` }),
      ];
    case 'roll-back':
      return [
        unfinished({
          ...at,
          seen: seen('was changed by half and serves what it did before'),
          remedy: `${AGAIN} it rolls that back first.`,
        }),
      ];
    case 'refuse':
      return [blocker({ ...at, seen: seen('can’t be deployed to'), remedy: treatment.remedy })];
  }
}
