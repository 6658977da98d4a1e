/** How a drill gets a release to deploy: a copy of one that the platform runs, with a single known fault put in. */

export type Fault =
  /** Another release that does the same: what a good one looks like. */
  | { readonly kind: 'harmless' }
  /** One request in so many throws, before anything of it was done; those with which a process is run warm may be spared. */
  | { readonly kind: 'throws'; readonly onceIn: number; readonly spares: 'warm-up' | 'nobody' }
  /** Each request leaves so much behind; at the bound the process dies. */
  | { readonly kind: 'leaks'; readonly bytesPerRequest: number; readonly bytesMax: number }
  /** It is loaded, and then does nothing for so long. */
  | { readonly kind: 'starts-slowly'; readonly delayMs: number };

export interface OfferedRelease {
  /** What `deploy run --release` takes. */
  readonly name: string;
  /** What stands on its answers, `x-release`. */
  readonly tag: string;
}

export interface ReleasePort {
  /** Puts it where a rollout on this platform finds it. Throws when there is no release `good`. */
  spoil(of: { readonly good: string; readonly fault: Fault }): Promise<OfferedRelease>;
}

/** Where there is none. */
export const NO_RELEASES: ReleasePort = {
  spoil: async () => {
    throw new Error('Nobody can make releases for a drill here. Run this drill on one machine: npm run drill.');
  },
};
