/** The faults that drills inject, as data: what is hit, and how. */
import type { LinkFault } from '../ports/platform-port.ts';

export type Fault =
  /** SIGKILL; stays down until the heal starts it. */
  | { readonly kind: 'crash'; readonly processes: readonly string[] }
  /** SIGSTOP; the heal continues it, and it knows nothing of the time between. */
  | { readonly kind: 'stop'; readonly processes: readonly string[] }
  /** Bytes are held, connections hang. */
  | { readonly kind: 'cut'; readonly links: readonly string[]; readonly direction: LinkFault['direction'] }
  | { readonly kind: 'slow'; readonly links: readonly string[]; readonly latencyMs: number; readonly jitterMs: number }
  /** Connections are refused, existing ones are reset. */
  | { readonly kind: 'reset'; readonly links: readonly string[] };

export function targetsOf(fault: Fault): readonly string[] {
  return 'processes' in fault ? fault.processes : fault.links;
}

export function linkFaultOf(fault: Extract<Fault, { links: readonly string[] }>): LinkFault {
  switch (fault.kind) {
    case 'cut':
      return { direction: fault.direction, cut: true };
    case 'slow':
      return { direction: 'both', latencyMs: fault.latencyMs, jitterMs: fault.jitterMs };
    case 'reset':
      return { direction: 'both', reset: true };
  }
}

/** The counter of a link that such a fault moves when it meets traffic. */
export function effectCounterOf(kind: 'cut' | 'slow' | 'reset'): 'held' | 'delayed' | 'resets' {
  return kind === 'cut' ? 'held' : kind === 'slow' ? 'delayed' : 'resets';
}
