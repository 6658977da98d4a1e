/** The links that cross the border of a region, and the ways to cut them. The arbiter lies outside of every region. */
import type { Fault } from './nemesis/fault.ts';
import type { LinkSight, PlatformSight } from './ports/platform-port.ts';

/** What gets through no more: nothing at all, what leaves the region, or what enters it. */
export type Lost = 'everything' | 'outbound' | 'inbound';

export interface Border {
  /** From within the region. */
  readonly leaving: readonly string[];
  /** From its peer into it. */
  readonly entering: readonly string[];
}

/**
 * `routers: false`: clients of both regions' routers still reach the region's hosts. Payments are somebody else's system
 * and stay within reach.
 */
export function borderOf(sight: PlatformSight, of: { readonly region: string; readonly routers: boolean }): Border {
  const inside = (name: string) => regionOf(name) === of.region;
  const crossing = sight.links
    .filter(({ from, to }) => inside(from) !== inside(to) && to !== 'payments')
    .filter(({ from }) => of.routers || !from.startsWith('router@'));
  const names = (which: (link: LinkSight) => boolean) => crossing.filter(which).map(({ name }) => name);
  return { leaving: names(({ from }) => inside(from)), entering: names(({ from }) => !inside(from)) };
}

/** One way is a matter of the network, not of who opened a connection: what leaves are requests of ours and answers to theirs. */
export function cutsOf({ leaving, entering }: Border, lost: Lost): readonly Fault[] {
  switch (lost) {
    case 'everything':
      return [{ kind: 'cut', links: [...leaving, ...entering], direction: 'both' }];
    case 'outbound':
      return [
        { kind: 'cut', links: leaving, direction: 'up' },
        { kind: 'cut', links: entering, direction: 'down' },
      ];
    case 'inbound':
      return [
        { kind: 'cut', links: leaving, direction: 'down' },
        { kind: 'cut', links: entering, direction: 'up' },
      ];
  }
}

/** `c01@us-east-1.store` → `us-east-1`; `null` for what stands in no region. */
function regionOf(name: string): string | null {
  return /@([^.]+)/.exec(name)?.[1] ?? null;
}
