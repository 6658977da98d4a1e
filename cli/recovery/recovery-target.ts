/**
 * What a recovery puts back, and who does not run it yet: an earlier edition of a document, or a release that was good. Invariant:
 * whoever repeats a recovery, or begins one while somebody else takes the change back, ends with the same content, not with one
 * that is further back.
 */

import { documentRefused } from '../../control/documents/publishing.ts';
import type { StepResult } from '../../control/rollout/rollout-executor.ts';
import type { Shelf } from '../../core/documents/document-type.ts';
import { documentType } from '../../core/documents/document-types.ts';
import { isPlatformError } from '../../core/errors.ts';
import type { PlatformControl, PlatformView } from '../../local/platform-control.ts';
import { openReleaseDesk } from '../../local/releases/open-shelf.ts';
import type { Machine } from '../failover-operator.ts';
import type { DocumentOperator } from '../services.ts';

/** What is to be good again. */
export type RecoveryWish =
  | { readonly kind: 'document'; readonly type: string; readonly to: number | null; readonly why: string }
  | { readonly kind: 'release'; readonly release: string; readonly why: string };

export interface RecoveryTarget {
  /** Throws when there is no such thing to restore. Changes nothing. */
  check(): Promise<void>;
  restore(): Promise<StepResult>;
  /** Processes that do not run what was restored, or can't be asked; those that stand by first. */
  behind(view: PlatformView): Promise<readonly string[]>;
  restart(process: string): Promise<StepResult>;
}

export function documentTarget(
  { documents, control }: { readonly documents: DocumentOperator; readonly control: PlatformControl },
  { type: name, to, why }: Extract<RecoveryWish, { kind: 'document' }>,
): RecoveryTarget {
  const type = documentType(name, documents.types);
  const wanted = async () => (await documents.shelf(type)).stable?.version ?? 0;
  /**
   * The version whose content the present edition has again: the end of the rollout that was stopped took it back, or an earlier
   * recovery did. To go back from there once more would restore what was replaced long ago.
   */
  const broughtBack = async (shelf: Shelf | null): Promise<number | null> => {
    if (!shelf?.stable) return null;
    const kept = await documents.edition(type, shelf.stable.version).catch(nobodyKept);
    return kept?.restores ?? null;
  };
  return {
    check: async () => {
      if (to !== null && to > 0) await documents.edition(type, to);
      const shelf = await documents.shelf(type).catch(() => null);
      const isNothing = shelf !== null && shelf.stable === null && shelf.staged === null;
      if (to === null && isNothing)
        throw documentRefused(`${name} is at its bundled default, so nothing that was published can be at fault.`);
    },
    restore: async () => {
      // What can't be read is what a rollback is for.
      const before = await documents.shelf(type).catch(() => null);
      const stands = `${name}@${before?.stable?.version ?? 0} stands`;
      const brought = to === null ? await broughtBack(before) : null;
      if (brought !== null)
        return { outcome: 'done', note: `${stands}: it has the content of ${brought} again. Further back: --to.` };
      const kept = await documents.rollBack({ type, to, why });
      if (kept === null) return { outcome: 'done', note: stands };
      const replaced = before === null ? 'what could not be read' : `${before.stable?.version ?? 0}`;
      return { outcome: 'done', note: `${name}@${kept.edition.version} restores what was before ${replaced}` };
    },
    behind: async (view) => {
      const version = await wanted();
      const cells = await Promise.all(
        view.topology.cells.map(async ({ id }) => ({ id, seen: await documents.running(type, id) })),
      );
      return cells.flatMap(({ id, seen }) =>
        seen.filter((one) => one.version !== version).map(({ region }) => `${id}@${region}`),
      );
    },
    restart: async (process) => {
      await control.act(process, 'crash');
      await control.act(process, 'start');
      return { outcome: 'done', note: `${process} started anew` };
    },
  };
}

/** As the first placement, until it is replaced. */
function nobodyKept(thrown: unknown): null {
  if (isPlatformError(thrown) && thrown.code === 'DOCUMENT_REFUSED') return null;
  throw thrown;
}

interface ReleaseParts {
  readonly control: PlatformControl;
  readonly view: PlatformView;
  /** The state directory of the running platform. */
  readonly issuerDir: string;
  readonly machine: Machine;
}

/**
 * What is new runs it from the start on only once everybody does: that setting is also what a process is taken to run that was
 * never asked for another release, and would hide who still has to be restarted from whoever repeats this.
 */
export function releaseTarget(
  { control, view: { dataDir }, issuerDir, machine }: ReleaseParts,
  { release: named }: Extract<RecoveryWish, { kind: 'release' }>,
): RecoveryTarget {
  let release = named;
  // Two names may stand for the same bundles; who runs them already is not started anew, and keeps the other name.
  let digest: string | null = null;
  const runsIt = (runs: { readonly name: string; readonly digest: string } | undefined) =>
    runs !== undefined && (runs.name === release || runs.digest === digest);
  const behind: RecoveryTarget['behind'] = async ({ processes }) =>
    processes
      .filter(({ kind, release: runs, state }) => kind === 'cell' && !(runsIt(runs) && state === 'ready'))
      .map(({ name }) => name);
  const settleIfAll = async () => {
    const left = (await behind(await control.view())).length;
    if (left === 0) await control.settleRelease({ release });
    return left;
  };
  return {
    check: async () => {
      const desk = openReleaseDesk({ parentDir: dataDir, also: [issuerDir], clock: machine.clock });
      const { manifest } = await desk.show(named);
      release = manifest.name;
      digest = manifest.digest;
    },
    restore: async () => {
      const left = await settleIfAll();
      return {
        outcome: 'done',
        note: left === 0 ? `every process runs ${release}` : `${left} processes are to run ${release}`,
      };
    },
    behind,
    restart: async (process) => {
      await control.replace(process, { release });
      await settleIfAll();
      return { outcome: 'done', note: `${process} runs ${release}` };
    },
  };
}
