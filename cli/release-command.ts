/** `holdfast release build|list|show`: what can be deployed on this machine. Nothing here touches a running platform. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ReleaseManifest } from '../local/releases/release-manifest.ts';
import { EXIT } from './exit-code.ts';
import type { CliServices } from './services.ts';
import type { Call, Outcome, Shell } from './shell.ts';
import { textTable } from './text-table.ts';

const DATA = '--data <dir>';
const DATA_TEXT = 'the releases of this data directory (default: those of .holdfast)';

export function addReleaseCommand(
  program: Command,
  { shell, services }: { shell: Shell; services: CliServices },
): void {
  const release = program.command('release').description('what can be deployed here: built once, named by its content');
  release
    .command('build')
    .description('make a release of the sources; the same sources are the same release')
    .option('--from <dir>', 'the sources of another checkout (its own build is run)')
    .option('--name <name>', 'default: the version and the beginning of the digest')
    .option(DATA, DATA_TEXT)
    .action(shell.action((call) => build(call, services)));
  release
    .command('list')
    .description('releases, oldest first')
    .option(DATA, DATA_TEXT)
    .action(shell.action((call) => list(call, services)));
  release
    .command('show <name>')
    .description('its manifest, checked against its files, and what packages are in it')
    .option(DATA, DATA_TEXT)
    .action(shell.action((call) => show(call, services)));
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function deskOf({ options }: Call, services: CliServices) {
  const data = text(options.data);
  return services.releases(data === undefined ? services.stateDir : resolve(data));
}

async function build(call: Call, services: CliServices): Promise<Outcome> {
  const desk = await deskOf(call, services);
  const [from, name] = [text(call.options.from), text(call.options.name)];
  const manifest = await call.progress('building the release', () =>
    desk.build({ ...(from === undefined ? {} : { from: resolve(from) }), ...(name === undefined ? {} : { name }) }),
  );
  const { bold } = call.terminal.outColours;
  return {
    text: `${bold(manifest.name)}  ${manifest.digest}\nDeploy it: holdfast deploy run --target local --release ${manifest.name}`,
    json: { dir: desk.dir, release: manifest },
    exitCode: EXIT.done,
  };
}

async function list(call: Call, services: CliServices): Promise<Outcome> {
  const desk = await deskOf(call, services);
  const releases = await desk.list();
  const columns = ['RELEASE', 'DIGEST', 'BUILT', 'OF', ''].map((title) => ({ title }));
  const none = `No releases in ${desk.dir}. "holdfast release build" makes one.`;
  return {
    text: releases.length === 0 ? none : textTable(columns, releases.map(rowOf)),
    json: { dir: desk.dir, releases: releases.map(({ files: _files, ...manifest }) => manifest) },
    exitCode: EXIT.done,
  };
}

function rowOf({ name, digest, builtAt, sourceRevision, spoiltWith }: ReleaseManifest): readonly string[] {
  const of = sourceRevision === null ? 'no known commit' : sourceRevision.slice(0, 12);
  const changed = sourceRevision?.endsWith('+changes') ? `${of}+changes` : of;
  return [name, digest.slice(0, 19), builtAt, changed, spoiltWith === undefined ? '' : `SPOILT: ${spoiltWith}`];
}

async function show(call: Call, services: CliServices): Promise<Outcome> {
  const desk = await deskOf(call, services);
  const { manifest, materials } = await desk.show(String(call.args[0]));
  const packages = packagesOf(materials);
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const facts = [
    ['digest', manifest.digest],
    ['version', manifest.version],
    ['source', manifest.sourceRevision ?? 'no known commit'],
    ['built', `${manifest.builtAt} with Node ${manifest.nodeVersion}`],
    ['files', `${manifest.files.length}, ${bytes} bytes, as the manifest says`],
    ...(manifest.spoiltWith === undefined ? [] : [['SPOILT', manifest.spoiltWith]]),
  ];
  const columns = ['PACKAGE', 'VERSION', 'LICENCE'].map((title) => ({ title }));
  return {
    text: `${textTable([{ title: manifest.name }, { title: '' }], facts)}\n\n${textTable(columns, packages)}`,
    json: { dir: desk.dir, release: manifest, materials },
    exitCode: EXIT.done,
  };
}

interface Listed {
  readonly name?: string;
  readonly version?: string;
  readonly licenses?: readonly { readonly license?: { readonly id?: string }; readonly expression?: string }[];
}

function packagesOf(materials: unknown): readonly (readonly string[])[] {
  const { components = [] } = materials as { readonly components?: readonly Listed[] };
  return components.map(({ name = '?', version = '?', licenses = [] }) => [
    name,
    version,
    licenses.map(({ license, expression }) => license?.id ?? expression ?? '?').join(', ') || 'unknown',
  ]);
}
