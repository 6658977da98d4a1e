/** Who may import whom. The table is the one of the architecture; a line that is missing from it is an error. */
import type { SourceFile, Violation } from './source-file.ts';

/** Files and folders that one part of the repository may import, beside itself and packages. */
interface Direction {
  /** Path prefix of the importing files; the longest one that fits counts. */
  readonly of: string;
  readonly may: readonly string[];
}

const EVERYTHING = [''];

export const DIRECTIONS: readonly Direction[] = [
  { of: 'core/', may: [] },
  { of: 'platform.config.ts', may: ['core/'] },
  { of: 'resilience/', may: ['core/'] },
  { of: 'cell/', may: ['core/', 'resilience/'] },
  { of: 'services/', may: ['core/', 'resilience/', 'cell/'] },
  // Never control: a router that needs the control plane is down with it.
  { of: 'router/', may: ['core/', 'resilience/'] },
  // The store of a cell only through its ports; its adapters and its root know the implementation.
  { of: 'control/', may: ['core/', 'resilience/', 'cell/'] },
  { of: 'infra/', may: ['core/', 'platform.config.ts'] },
  // The composition root of the CDK app: it opens the development issuer.
  { of: 'infra/bin/', may: EVERYTHING },
  { of: 'local/', may: ['core/', 'platform.config.ts'] },
  // Hosts are composition roots: they put the bundles of the other folders into a process.
  { of: 'local/hosts/', may: EVERYTHING },
  // A drill sees, hurts and moves a platform through ports of its own, so that it runs on any that keeps them.
  { of: 'drills/', may: ['core/'] },
  // Checkers judge a history; what knows how it was made could not judge it independently.
  { of: 'drills/checkers/', may: ['core/', 'drills/history/'] },
  { of: 'drills/history/', may: ['core/'] },
  { of: 'cli/', may: EVERYTHING },
  { of: 'console/', may: ['core/'] },
  { of: 'bench/', may: EVERYTHING },
  { of: 'test/', may: EVERYTHING },
];

/** Where the SDK of AWS may be imported: it is slow to load, and its errors are translated once. */
const SDK_PLACES = [
  /^cell\//,
  /^control\/(adapters|aws|functions)\//,
  /(^|\/)main\.ts$/,
  /^local\/hosts\//,
  /^(test|bench)\//,
];

export function checkImportDirections(file: SourceFile): readonly Violation[] {
  const direction = DIRECTIONS.filter(({ of }) => file.path.startsWith(of)).sort(
    (a, b) => b.of.length - a.of.length,
  )[0];
  if (!direction) {
    const message = 'stands in a folder that the import table does not know; add a line to test/tidy/import-rules.ts';
    return [{ path: file.path, line: 1, rule: 'import-direction', message }];
  }
  return file.imports.flatMap(({ target, line }) => {
    if (target === null || [direction.of, ...direction.may].some((prefix) => target.startsWith(prefix))) return [];
    const allowed =
      direction.may.length > 0 ? `${direction.of} and ${direction.may.join(', ')}` : `${direction.of} only`;
    const message = `imports ${target}; allowed: ${allowed}`;
    return [{ path: file.path, line, rule: 'import-direction', message }];
  });
}

export function checkSdkImports(file: SourceFile): readonly Violation[] {
  if (SDK_PLACES.some((place) => place.test(file.path))) return [];
  return file.imports
    .filter(({ specifier }) => specifier.startsWith('@aws-sdk/') || specifier.startsWith('@smithy/'))
    .map(({ specifier, line }) => {
      const message = `imports ${specifier}; allowed: cell/, control/adapters/, control/aws/, control/functions/, main.ts, local/hosts/`;
      return { path: file.path, line, rule: 'sdk-import', message };
    });
}

/** Who knows the cells' store by its ports only, and which files of theirs know the implementation because they wire it. */
const BEHIND_PORTS: readonly { readonly of: string; readonly wiring: RegExp }[] = [
  { of: 'services/', wiring: /\/(main|lambda)\.ts$/ },
  { of: 'control/', wiring: /^control\/(main\.ts$|adapters\/|aws\/|functions\/)/ },
];

export function checkPorts(file: SourceFile): readonly Violation[] {
  const rule = BEHIND_PORTS.find(({ of }) => file.path.startsWith(of));
  if (!rule || rule.wiring.test(file.path)) return [];
  return file.imports
    .filter(({ target, typeOnly }) => target?.startsWith('cell/') && !typeOnly)
    .map(({ target, line }) => {
      const message = `imports code of ${target}; allowed: its types, or the code in main.ts and adapters only`;
      return { path: file.path, line, rule: 'ports', message };
    });
}

/** Node's own modules make a pure rule impure; the folder of rules has none. */
export function checkCoreIsPure(file: SourceFile): readonly Violation[] {
  if (!file.path.startsWith('core/')) return [];
  return file.imports
    .filter(({ target }) => target === null)
    .map(({ specifier, line }) => {
      const message = `imports the package ${specifier}; core imports nothing and does no I/O`;
      return { path: file.path, line, rule: 'core-is-pure', message };
    });
}

/** Cycles of imports that load code. Types may refer to each other. One violation for each cycle. */
export function checkImportCycles(files: readonly SourceFile[]): readonly Violation[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const violations: Violation[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      const cycle = [...trail.slice(at), path];
      violations.push({ path, line: 1, rule: 'import-cycle', message: cycle.join(' → ') });
      return;
    }
    if (done.has(path)) return;
    for (const { target, typeOnly } of byPath.get(path)?.imports ?? []) {
      if (target !== null && !typeOnly) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return violations;
}
