/** The topologies that the template tests are about: as few cells as show what is to be shown. */
import { validateTopology } from '../../core/topology.ts';
import { type AwsInput, UNRESERVED_CONCURRENCY } from '../../core/topology-aws.ts';
import { defaultTopology } from '../../core/topology-sizing.ts';
import platform from '../../platform.config.ts';

/** Three service functions of ten copies each. */
const RESERVED_PER_CELL = 30;

/** Default: two cells, and the settings of platform.config.ts. The account has what they reserve, and not one more. */
export function topologyOf({ cells = 2, aws = {} }: { readonly cells?: number; readonly aws?: AwsInput }) {
  const grown = defaultTopology({ cells, base: platform });
  const accountConcurrency = cells * RESERVED_PER_CELL + UNRESERVED_CONCURRENCY;
  return validateTopology({ ...grown, aws: { ...grown.aws, accountConcurrency, ...aws } });
}

/** The settings that make most: somebody is told, and the edge routes. */
export const EVERYTHING: AwsInput = { alarmEmail: 'oncall@example.com', entry: 'edge' };
export const PRODUCTION: AwsInput = {
  ...EVERYTHING,
  stage: 'production',
  identity: { issuer: 'https://id.example.com', jwksUrl: 'https://id.example.com/keys' },
};
