/** The doctor's round through this machine: what `npm start` needs. */
import { blocker, type Finding, fine } from '../control/doctor/finding.ts';
import { isPlatformError } from '../core/errors.ts';
import { machineProbes } from '../local/engine/machine-probes.ts';
import { resolveEngine } from '../local/engine/resolve-engine.ts';
import { findProject } from '../local/project-root.ts';

export function examineMachine(): readonly Finding[] {
  return [fine({ check: 'node', seen: process.versions.node }), checkEngine()];
}

function checkEngine(): Finding {
  const check = 'engine';
  try {
    const engine = resolveEngine(machineProbes(findProject().rootDir));
    return fine({ check, seen: engine.kind === 'endpoint' ? engine.url : engine.kind });
  } catch (thrown) {
    if (!isPlatformError(thrown) || thrown.kind === 'bug') throw thrown;
    return blocker({ check, seen: 'none', remedy: thrown.message });
  }
}
