/** The releases of a project, for those who build and look: below its state directory, or below a data directory that was named. */
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { findProject } from '../project-root.ts';
import { buildRelease, buildSources } from './build-release.ts';
import type { ReleaseManifest } from './release-manifest.ts';
import { ReleaseShelf } from './release-shelf.ts';

/** Below a state directory, and below a data directory. */
export const RELEASES = 'releases';

export interface ReleaseBuild {
  /** Another checkout than the one that runs; its own build is run first. */
  readonly from?: string;
  readonly name?: string;
}

export interface ReleaseDesk {
  readonly dir: string;
  build(options: ReleaseBuild): Promise<ReleaseManifest>;
  list(): Promise<readonly ReleaseManifest[]>;
  /** Checked, with its bill of materials. */
  show(name: string): Promise<{ readonly manifest: ReleaseManifest; readonly materials: unknown }>;
}

export function openReleaseDesk({
  parentDir,
  clock,
}: {
  readonly parentDir: string;
  readonly clock: Clock;
}): ReleaseDesk {
  const shelf = new ReleaseShelf(join(parentDir, RELEASES));
  return {
    dir: shelf.dir,
    build: async ({ from, name }) => {
      if (from !== undefined) await buildSources(from);
      const rootDir = from ?? findProject().rootDir;
      return buildRelease({ rootDir, shelf, clock, ...(name === undefined ? {} : { name }) });
    },
    list: () => shelf.list(),
    show: async (name) => {
      const { manifest } = await shelf.open(name);
      return { manifest, materials: await shelf.materials(name) };
    },
  };
}
