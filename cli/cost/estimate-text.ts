/** The estimate for people: idle by component, requests by kind, the write amplification, and what resilience takes of it. */
import { textTable } from '../text-table.ts';
import { type Estimate, HEALTHY_SHARE } from './estimate.ts';
import type { Cost } from './usage.ts';

export function estimateText(given: Estimate): string {
  const { keepers, cells, regions, prices, idle, perMillion, mixed, commits } = given;
  return [
    `${cells} cells in ${regions.join(' and ')}, ${keepers} keepers: ${usd(idle.usd)} a month when nobody uses it, ${usd(idle.afterFreeUsd)} after what every account has free.`,
    `List prices of ${prices.region} as read elsewhere by ${prices.checked}; cli/cost/prices.ts says where.`,
    '',
    'Idle, a month:',
    componentTable(idle),
    '',
    'A million requests:',
    textTable(
      [{ title: '  CLASS' }, { title: 'DOES' }, right('USD'), right('OF IT RESILIENCE'), right('OF BASE')],
      [
        ...perMillion.map(({ class: consistency, does, cost }) => [`  ${consistency}`, does, ...figures(cost)]),
        ['  mixed', '9 reads : 1 write', ...figures(mixed)],
      ],
    ),
    '',
    'Write units of a commit, transactions at two a kilobyte:',
    textTable(
      [
        ...[{ title: '  CLASS' }, right('CHANGE'), right('FENCE+JOURNAL'), right('PEER'), right('REMOVAL')],
        right('AMPLIFICATION'),
      ],
      Object.entries(commits).map(([name, units]) => [
        ...[`  ${name}`, String(units.plain), String(units.localResilience), String(units.replicated)],
        ...[String(units.journalDelete), `${units.amplification.toFixed(1)} ×`],
      ]),
    ),
    '',
    `Resilience (what one region without fencing would not pay): idle ${shareText(idle)}, mixed requests ${shareText(mixed)}.`,
    `Healthy is ${percent(HEALTHY_SHARE.from)}–${percent(HEALTHY_SHARE.to)} of the base.`,
  ].join('\n');
}

function componentTable(cost: Cost): string {
  return textTable(
    [{ title: '  COMPONENT' }, right('USD'), right('OF IT RESILIENCE')],
    cost.lines
      .filter((line) => line.usd > 0)
      .map(({ component, usd: total, resilienceUsd }) => [`  ${component}`, usd(total), usd(resilienceUsd)]),
  );
}

const right = (title: string) => ({ title, align: 'right' as const });

const figures = (cost: Cost) => [
  usd(cost.usd),
  usd(cost.resilienceUsd),
  cost.resilienceShare === null ? '–' : percent(cost.resilienceShare),
];

export function shareText({ resilienceShare }: Cost): string {
  if (resilienceShare === null) return 'nothing else';
  const { from, to } = HEALTHY_SHARE;
  const verdict = resilienceShare < from ? 'below' : resilienceShare > to ? 'above' : 'within';
  return `${percent(resilienceShare)} of the base (${verdict} the healthy band)`;
}

const usd = (value: number) => `${value < 0.1 ? value.toFixed(3) : value.toFixed(2)} USD`;
const percent = (share: number) => `${Math.round(share * 100)} %`;
