/** The hosts that run the router's core, and what is asked of one of them only. */
import { describe, it } from '@jest/globals';

/** What runs the router's core. The suites of this folder hold for both; each exception has its reason beside it. */
export const HOSTS = ['node', 'lambda'] as const;
export type Host = (typeof HOSTS)[number];

const LAMBDAS_PART = '(skipped: on Lambda its own front does this, and what reaches the function is whole)';

/** For what a host has to do that holds the connections itself. */
export function testOnNode(host: Host): (title: string, work: () => Promise<void>) => void {
  return host === 'node' ? it : (title, work) => it.skip(`${title} ${LAMBDAS_PART}`, work);
}

export function describeOnNode(host: Host): (title: string, tests: () => void) => void {
  return host === 'node' ? describe : (title, tests) => describe.skip(`${title} ${LAMBDAS_PART}`, tests);
}
