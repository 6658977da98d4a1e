/** What is used, in the units that are billed, and which part of it one region without fencing would not need. */
import { freeUsdOf, type PriceName, usdOf } from './prices.ts';

export interface Usage {
  /** For people, and what lines are added up by: `DynamoDB writes`. */
  readonly component: string;
  readonly what: string;
  readonly price: PriceName;
  readonly quantity: number;
  /** 0–1: how much of it is the price of surviving a region and of refusing stale writers. */
  readonly resilience: number;
}

export interface CostLine {
  readonly component: string;
  readonly usd: number;
  readonly resilienceUsd: number;
}

export interface Cost {
  readonly usd: number;
  /** Of a whole month: what is left once what every account has free is taken off, component by component. */
  readonly afterFreeUsd: number;
  readonly baseUsd: number;
  readonly resilienceUsd: number;
  /** Of the base; `null` when there is no base. The healthy band is 0.2–0.4. */
  readonly resilienceShare: number | null;
  readonly lines: readonly CostLine[];
  readonly usages: readonly (Usage & { readonly usd: number })[];
}

export function costOf(usages: readonly Usage[]): Cost {
  const priced = usages.map((usage) => ({ ...usage, usd: usdOf(usage.price, usage.quantity) }));
  const sum = (of: readonly { readonly usd: number; readonly resilience: number }[]) => ({
    usd: of.reduce((total, { usd }) => total + usd, 0),
    resilienceUsd: of.reduce((total, { usd, resilience }) => total + usd * resilience, 0),
  });
  const components = [...new Set(priced.map(({ component }) => component))];
  const total = sum(priced);
  const baseUsd = total.usd - total.resilienceUsd;
  return {
    ...total,
    afterFreeUsd: total.usd - freeUsd(usages),
    baseUsd,
    resilienceShare: baseUsd > 0 ? total.resilienceUsd / baseUsd : null,
    lines: components.map((component) => ({ component, ...sum(priced.filter((one) => one.component === component)) })),
    usages: priced,
  };
}

function freeUsd(usages: readonly Usage[]): number {
  const prices = [...new Set(usages.map(({ price }) => price))];
  const quantityOf = (price: PriceName) =>
    usages.filter((usage) => usage.price === price).reduce((sum, { quantity }) => sum + quantity, 0);
  return prices.reduce((sum, price) => sum + freeUsdOf(price, quantityOf(price)), 0);
}

/** So many calls of a function: requests, and memory over time. */
export function lambdaUsage(of: {
  readonly what: string;
  readonly calls: number;
  readonly memoryMb: number;
  readonly durationMs: number;
  readonly resilience: number;
}): readonly Usage[] {
  const { what, calls, memoryMb, durationMs, resilience } = of;
  const gbSeconds = (calls * memoryMb * durationMs) / 1_024 / 1_000;
  return [
    { component: 'Lambda requests', what, price: 'lambdaRequests', quantity: calls, resilience },
    { component: 'Lambda GB-s', what, price: 'lambdaGbSeconds', quantity: gbSeconds, resilience },
  ];
}
