/**
 * Synthesised apps that were deployed from here, kept by release: to take a release back on AWS is to deploy the assembly of the
 * one before, so a staged rollout begins only where that is at hand.
 */
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { invalid, PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';

/** Of the tag that stacks carry; also a folder's name. */
const RELEASE = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;

export const assemblyShelf = (stateDir: string): AssemblyShelf => new AssemblyShelf(join(stateDir, 'assemblies'));

export class AssemblyShelf {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Copies the assembly unless its release is here. Whole or not at all. Throws `INVALID_INPUT` for one without a release. */
  async keep(app: { readonly dir: string; readonly release: string | null }): Promise<string> {
    const { release } = app;
    if (release === null || !RELEASE.test(release)) {
      throw invalid(
        `The assembly in ${app.dir} says that it is release ${shown(release)}. Allowed: one tag holdfast:release on all of its stacks.`,
      );
    }
    if (await this.has(release)) return release;
    const copy = `${join(this.#dir, release)}.new`;
    await mkdir(this.#dir, { recursive: true });
    await rm(copy, { recursive: true, force: true });
    await cp(app.dir, copy, { recursive: true });
    await rename(copy, join(this.#dir, release));
    return release;
  }

  async has(release: string): Promise<boolean> {
    return RELEASE.test(release) && (await stat(join(this.#dir, release)).catch(() => null)) !== null;
  }

  /** Throws `NOT_FOUND`. */
  async path(release: string): Promise<string> {
    if (await this.has(release)) return join(this.#dir, release);
    throw new PlatformError({
      code: 'NOT_FOUND',
      kind: 'caller',
      effect: 'none',
      message: `The assembly of release ${shown(release)} is not in ${this.#dir}, so it can't be deployed from here. Check that release out, "npx cdk synth -o <folder>", and name the folder once: holdfast deploy plan --target aws --assembly <folder>.`,
    });
  }
}
