/** The faults that drills inject, as data: what is hit, and how. */
import type { LinkFault } from '../ports/platform-port.ts';

export type Fault =
  /** SIGKILL; stays down until the heal starts it. */
  | { readonly kind: 'crash'; readonly processes: readonly string[] }
  /** SIGSTOP; the heal continues it, and it knows nothing of the time between. */
  | { readonly kind: 'stop'; readonly processes: readonly string[] }
  /** Stopped and continued in turn: it runs for this share of the time. */
  | { readonly kind: 'throttle'; readonly processes: readonly string[]; readonly runRatio: number }
  /** Bytes are held, connections hang. */
  | { readonly kind: 'cut'; readonly links: readonly string[]; readonly direction: LinkFault['direction'] }
  | { readonly kind: 'slow'; readonly links: readonly string[]; readonly latencyMs: number; readonly jitterMs: number }
  /** Chunks of bytes are lost with this probability in each direction: they come late, as after retransmissions. */
  | { readonly kind: 'lossy'; readonly links: readonly string[]; readonly lossRatio: number }
  /** Connections are refused, existing ones are reset. */
  | { readonly kind: 'reset'; readonly links: readonly string[] }
  /** Made by somebody else, of a region. */
  | { readonly kind: 'experiment'; readonly name: string; readonly region: string };

export function targetsOf(fault: Fault): readonly string[] {
  if (fault.kind === 'experiment') return [`${fault.name}@${fault.region}`];
  return 'processes' in fault ? fault.processes : fault.links;
}

export function linkFaultOf(fault: Extract<Fault, { links: readonly string[] }>): LinkFault {
  switch (fault.kind) {
    case 'cut':
      return { direction: fault.direction, cut: true };
    case 'slow':
      return { direction: 'both', latencyMs: fault.latencyMs, jitterMs: fault.jitterMs };
    case 'lossy':
      return { direction: 'both', lossRatio: fault.lossRatio };
    case 'reset':
      return { direction: 'both', reset: true };
  }
}

/** The counter of a link that such a fault moves when it meets traffic. */
export const EFFECT_COUNTERS = { cut: 'held', slow: 'delayed', lossy: 'lost', reset: 'resets' } as const;
