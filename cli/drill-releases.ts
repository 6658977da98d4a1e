/** Releases for drills on this machine: spoilt copies on the platform's own shelf, where its supervisor looks first. */
import { join } from 'node:path';
import type { ReleasePort } from '../drills/ports/release-port.ts';
import { shortDigest } from '../local/hosts/host-status.ts';
import type { PlatformView } from '../local/platform-control.ts';
import { RELEASES } from '../local/releases/open-shelf.ts';
import { ReleaseShelf } from '../local/releases/release-shelf.ts';
import { spoilRelease } from '../local/releases/spoil-release.ts';

export function drillReleases({ dataDir }: Pick<PlatformView, 'dataDir'>): ReleasePort {
  const shelf = new ReleaseShelf(join(dataDir, RELEASES));
  return {
    spoil: async ({ good, fault }) => {
      const { name, digest } = await spoilRelease({ shelf, good, with: fault });
      return { name, tag: shortDigest(digest) };
    },
  };
}
