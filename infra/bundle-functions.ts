/**
 * How a function is bundled: all of them in one run of esbuild, each one file, minified, without the SDK. The SDK is taken from
 * Lambda's runtime by `require` and not by `import`: for an import Node first searches the SDK's CommonJS for the names that
 * it exports, which is as much work as loading it, at every cold start.
 */
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { FUNCTIONS, type FunctionName } from './functions.ts';

export interface BundledCode {
  readonly code: string;
  /** Files that went into it, by path from the root. */
  readonly inputs: readonly string[];
}

/** Some dependencies are CommonJS and call `require` for Node's own modules; the SDK is called so, too. */
const BANNER =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

const sdkOfRuntime: Plugin = {
  name: 'sdk-of-the-runtime',
  setup(builder) {
    builder.onResolve({ filter: /^@(aws-sdk|smithy)\// }, ({ path, namespace }) =>
      namespace === 'runtime' ? { path, external: true } : { path, namespace: 'runtime' },
    );
    builder.onLoad({ filter: /./, namespace: 'runtime' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

const SETTINGS: BuildOptions = {
  ...{ bundle: true, minify: true, write: false, metafile: true, legalComments: 'none', logLevel: 'silent' },
  ...{ format: 'esm', platform: 'node', target: 'node22', outdir: 'out' },
  // Of a package that has both, the modules: only what is used of them goes along.
  mainFields: ['module', 'main'],
  plugins: [sdkOfRuntime],
  banner: { js: BANNER },
};

/** Throws esbuild's own error when one does not compile. */
export async function buildFunctions(rootDir: string): Promise<ReadonlyMap<FunctionName, BundledCode>> {
  const { outputFiles = [], metafile } = await build({
    ...SETTINGS,
    absWorkingDir: rootDir,
    entryPoints: FUNCTIONS.map(({ name, entry }) => ({ in: entry, out: name })),
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  return new Map(
    FUNCTIONS.map(({ name }) => {
      const out = join('out', `${name}.js`);
      const inputs = Object.keys(metafile?.outputs[out]?.inputs ?? {}).filter((path) => !path.startsWith('runtime:'));
      return [name, { code: texts.get(join(rootDir, out)) ?? '', inputs }];
    }),
  );
}
