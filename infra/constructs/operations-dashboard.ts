/**
 * The one dashboard: a row for each region, and a selector that puts one cell into the rows below. Its body is plain data, as
 * CloudWatch's "Dashboard body structure and syntax" describes it.
 */
import { cellFunctionName, METRICS_NAMESPACE, regionFunctionName } from '../../core/aws-names.ts';
import type { Topology } from '../../core/topology.ts';
import { SERVICES } from '../../core/topology-aws.ts';

/** What the selector replaces. CloudWatch puts the chosen cell in wherever this word stands. */
const CHOSEN = 'CHOSENCELL';
const [WIDTH, HEIGHT] = [8, 6];
const PERIOD_S = 60;

interface Chart {
  readonly title: string;
  readonly region: string;
  readonly stat: 'Sum' | 'p99' | 'Maximum';
  /** Namespace, metric, then names and values of its dimensions. */
  readonly metrics: readonly (readonly string[])[];
}

export function operationsDashboard({ regions, cells }: Topology): object {
  const rows = regions.map((region) => [...regionCharts(region), ...cellCharts(region)]);
  const widgets = rows.flatMap((charts, row) =>
    charts.map((chart, index) => widget(chart, { column: index % 3, row: row * 2 + Math.floor(index / 3) })),
  );
  const values = cells.map(({ id }) => ({ value: id, label: id }));
  const selector = { type: 'pattern', pattern: CHOSEN, inputType: 'select', id: 'cell', label: 'Cell', visible: true };
  return { variables: [{ ...selector, defaultValue: values[0]?.value, values }], widgets };
}

function regionCharts(region: string): readonly Chart[] {
  const router = ['FunctionName', regionFunctionName('router')];
  return [
    {
      title: `${region}: requests and 5xx at the router`,
      region,
      stat: 'Sum',
      metrics: ['UrlRequestCount', 'Url4xxCount', 'Url5xxCount'].map((metric) => ['AWS/Lambda', metric, ...router]),
    },
    {
      title: `${region}: router, p99 ms`,
      region,
      stat: 'p99',
      metrics: [['AWS/Lambda', 'UrlRequestLatency', ...router]],
    },
    { title: `${region}: turned away by Lambda`, region, stat: 'Sum', metrics: [['AWS/Lambda', 'Throttles']] },
  ];
}

function cellCharts(region: string): readonly Chart[] {
  const of = (metric: string, names: readonly string[]) =>
    names.map((name) => ['AWS/Lambda', metric, 'FunctionName', cellFunctionName(CHOSEN, name)]);
  return [
    { title: `${region}: the cell's services, 5xx`, region, stat: 'Sum', metrics: of('Url5xxCount', SERVICES) },
    {
      title: `${region}: the cell's services, p99 ms`,
      region,
      stat: 'p99',
      metrics: of('UrlRequestLatency', SERVICES),
    },
    {
      title: `${region}: replication lag, ms, from 5 s on`,
      region,
      stat: 'Maximum',
      metrics: [[METRICS_NAMESPACE, 'ReplicationLag', 'cell', CHOSEN, 'region', region]],
    },
  ];
}

function widget({ title, region, stat, metrics }: Chart, at: { column: number; row: number }): object {
  return {
    type: 'metric',
    ...{ x: at.column * WIDTH, y: at.row * HEIGHT, width: WIDTH, height: HEIGHT },
    properties: { title, region, stat, metrics, period: PERIOD_S, view: 'timeSeries', stacked: false },
  };
}
