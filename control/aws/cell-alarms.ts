/** The alarms of our cells in every region, as CloudWatch says they stand; each watches a metric, none combines others. Looks only. */
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { PREFIX } from '../../core/aws-names.ts';
import type { RegionName } from '../../core/ids.ts';
import type { AlarmEyes } from '../rollout/gates/alarms-gate.ts';
import { cloudError } from './cloud-error.ts';
import { REQUESTS } from './request-limits.ts';

/** One page: as many ringing alarms as anybody would read, and then some. */
const RINGING_MAX = 100;
/** Every alarm of a cell is called after its stack. */
const ALARM_PREFIX = `${PREFIX}-cell-`;

export function cellAlarms(regions: readonly RegionName[]): AlarmEyes {
  return {
    ringing: async ({ signal }) => (await Promise.all(regions.map((region) => ringingIn(region, signal)))).flat(),
  };
}

async function ringingIn(region: RegionName, signal: AbortSignal) {
  const client = new CloudWatchClient({ region, ...REQUESTS });
  const command = new DescribeAlarmsCommand({
    AlarmNamePrefix: ALARM_PREFIX,
    StateValue: 'ALARM',
    MaxRecords: RINGING_MAX,
  });
  try {
    const { MetricAlarms = [] } = await client.send(command, { abortSignal: signal });
    return MetricAlarms.map(({ AlarmName = 'an alarm without a name' }) => ({
      name: AlarmName,
      region,
    }));
  } catch (thrown) {
    throw cloudError(thrown, { doing: `look at the alarms of ${region}`, looksOnly: true });
  } finally {
    client.destroy();
  }
}
