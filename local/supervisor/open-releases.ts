/** The releases of a platform that starts: what was built from the sources here is one of them, and the first that its cells run. */
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { Project } from '../project-root.ts';
import { buildRelease } from '../releases/build-release.ts';
import { RELEASES } from '../releases/open-shelf.ts';
import { ReleaseShelf } from '../releases/release-shelf.ts';
import { ProcessReleases } from './process-releases.ts';

export interface ReleasePlaces {
  readonly project: Project;
  readonly dataDir: string;
  readonly stateDir?: string;
  readonly clock: Clock;
}

export async function openProcessReleases({
  project,
  dataDir,
  stateDir,
  clock,
}: ReleasePlaces): Promise<ProcessReleases> {
  const shelf = new ReleaseShelf(join(dataDir, RELEASES));
  const offered = stateDir === undefined ? [] : [new ReleaseShelf(join(stateDir, RELEASES))];
  const first = await buildRelease({ rootDir: project.rootDir, shelf, clock });
  return ProcessReleases.open({ shelf, offered, dataDir, first });
}
