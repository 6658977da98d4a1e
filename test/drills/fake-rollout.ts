/** The command line of the fake platform: a rollout cell by cell, away from the region that is replaced, with a gate that counts failures, and back. */
import { systemClock } from '../../core/clock.ts';
import type { EndedCommand, OperatorPort, StartedCommand } from '../../drills/ports/operator-port.ts';
import type { PlatformPort, ProcessSight } from '../../drills/ports/platform-port.ts';
import type { Fault, ReleasePort } from '../../drills/ports/release-port.ts';
import type { FakeFlaws } from './fake-flaws.ts';
import type { FakeLadder } from './fake-ladder.ts';

const GOOD = 'good';
/** Of a release that has failed so often the gate is sure. */
const FAILURES_MAX = 3;
/** Longer than two looks of whoever watches what runs. */
const BAKE_MS = 800;
const LOOK_MS = 20;

interface Stage {
  readonly flaws: FakeFlaws;
  readonly port: PlatformPort;
  readonly ladder: FakeLadder;
  move(cell: string, region: string): void;
}

export class FakeRollout implements OperatorPort, ReleasePort {
  readonly #stage: Stage;
  readonly #running = new Map<string, string>();
  #fault: Fault = { kind: 'harmless' };
  #asked = 0;
  #failures = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  releaseOf({ name, kind }: Pick<ProcessSight, 'name' | 'kind'>): Pick<ProcessSight, 'release'> {
    return kind === 'cell' ? { release: { name: this.#running.get(name) ?? GOOD } } : {};
  }

  /** Asked at each request. */
  fails(release: string): boolean {
    if (release === GOOD || this.#fault.kind !== 'throws') return false;
    this.#asked += 1;
    if (this.#asked % this.#fault.onceIn !== 0) return false;
    this.#failures += 1;
    return true;
  }

  async spoil({ fault }: { readonly fault: Fault }) {
    this.#fault = fault;
    return { name: fault.kind, tag: fault.kind };
  }

  begin(args: readonly string[]): StartedCommand {
    const release = args[args.indexOf('--release') + 1] ?? '';
    const ended = args[0] === 'mode' ? this.#mode(args) : this.#deploy(release);
    return { ended, hold: () => undefined, go: () => undefined };
  }

  readShelf = async () => ({ stable: JSON.stringify({ publishedAtMs: this.#stage.ladder.publishedAtMs }) });
  forgeShelf = async () => undefined;

  async #mode(args: readonly string[]): Promise<EndedCommand> {
    return this.#stage.ladder.command(args, systemClock.wallMs());
  }

  async #deploy(release: string): Promise<EndedCommand> {
    const { cells } = (await this.#stage.port.view()).topology;
    for (const { id, home, standby } of cells) {
      const notReady = this.#fault.kind === 'starts-slowly' && !this.#stage.flaws.noGates;
      this.#running.set(`${id}@${standby}`, release);
      if (notReady) {
        await systemClock.sleep(BAKE_MS);
        return this.#back({ id, home, standby }, 'standby: not ready in time');
      }
      this.#stage.move(id, standby);
      if (await this.#isBad()) return this.#back({ id, home, standby }, 'trial: answers is closed');
      this.#running.set(`${id}@${home}`, release);
      this.#stage.move(id, home);
    }
    return said({ state: 'done', trouble: null });
  }

  async #isBad(): Promise<boolean> {
    if (this.#fault.kind !== 'throws' || this.#stage.flaws.noGates) {
      await systemClock.sleep(BAKE_MS);
      return false;
    }
    while (this.#failures < FAILURES_MAX) await systemClock.sleep(LOOK_MS);
    return true;
  }

  async #back(of: { id: string; home: string; standby: string }, detail: string): Promise<EndedCommand> {
    const atMs = systemClock.wallMs();
    this.#stage.move(of.id, of.home);
    if (!this.#stage.flaws.undoesHalf) this.#running.delete(`${of.id}@${of.standby}`);
    return said({ state: 'rolled-back', trouble: { cause: 'gate', detail, atMs } });
  }
}

function said(rollout: { readonly state: string; readonly trouble: unknown }): EndedCommand {
  const exitCode = rollout.state === 'done' ? 0 : 1;
  return { exitCode, stdout: JSON.stringify({ rollout: { ...rollout, log: [] } }), stderr: '' };
}
