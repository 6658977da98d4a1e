/** What an engine says its version is; for the records of a drill or a measurement. */
import { spawnSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import type { Engine } from './resolve-engine.ts';

const ANSWER_MS_MAX = 2_000;

export function engineVersion(engine: Engine): string {
  switch (engine.kind) {
    case 'endpoint':
      return 'unknown';
    case 'dynoxide': {
      const { stdout } = spawnSync(engine.binary, ['--version'], { encoding: 'utf8', timeout: ANSWER_MS_MAX });
      return stdout?.trim() || 'unknown';
    }
    case 'dynamodb-local':
      // The package names the folder after the release.
      return basename(dirname(engine.jar));
  }
}
