/** The functions of a cell, bundled as Lambda gets them: alone, minified, the SDK left to the runtime. */
import { build } from 'esbuild';
import { FUNCTIONS } from '../../infra/functions.ts';

export const FUNCTION_ENTRIES: readonly string[] = FUNCTIONS.filter(
  ({ scope, name }) => scope === 'cell' || name === 'payments',
).map(({ entry }) => entry);

/** Aim of the platform: small enough that loading it is no part of what a cold start costs. */
export const BUNDLE_BYTES_MAX = 250_000;

export interface FunctionBundle {
  readonly bytes: number;
  /** Files that went into it, by path from the root. */
  readonly inputs: readonly string[];
  readonly text: string;
}

export async function bundleFunction(entry: string): Promise<FunctionBundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    ...{ bundle: true, minify: true, write: false, metafile: true, outfile: 'index.mjs' },
    ...{ platform: 'node', format: 'esm', target: 'node22' },
    external: ['@aws-sdk/*', '@smithy/*'],
  });
  const [file] = outputFiles;
  return { bytes: file?.contents.byteLength ?? 0, inputs: Object.keys(metafile.inputs), text: file?.text ?? '' };
}
