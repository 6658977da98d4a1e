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

export interface ReleaseDeskOptions {
  readonly parentDir: string;
  readonly clock: Clock;
  /** Other directories whose releases are listed and shown too: what a running platform finds is in its data or its state directory. */
  readonly also?: readonly string[];
}

export function openReleaseDesk({ parentDir, clock, also = [] }: ReleaseDeskOptions): ReleaseDesk {
  const shelf = new ReleaseShelf(join(parentDir, RELEASES));
  const shelves = [shelf, ...also.map((dir) => new ReleaseShelf(join(dir, RELEASES)))];
  return {
    dir: shelf.dir,
    build: async ({ from, name }) => {
      if (from !== undefined) await buildSources(from);
      const rootDir = from ?? findProject().rootDir;
      return buildRelease({ rootDir, shelf, clock, ...(name === undefined ? {} : { name }) });
    },
    list: async () => {
      const manifests = (await Promise.all(shelves.map((each) => each.list()))).flat();
      return [...new Map(manifests.map((manifest) => [manifest.name, manifest])).values()];
    },
    show: async (name) => {
      const holding = await Promise.all(shelves.map((each) => each.has(name)));
      const found = shelves[holding.indexOf(true)] ?? shelf;
      const { manifest } = await found.open(name);
      return { manifest, materials: await found.materials(name) };
    },
  };
}
