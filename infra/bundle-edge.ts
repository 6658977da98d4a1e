/**
 * Builds the edge router for CloudFront Functions: one file with a global `handler`, in the part of the language that runtime
 * 2.0 documents. What esbuild can't rewrite into it is an error of the build, and so is a function above the service's limit.
 */
import { build } from 'esbuild';

/** CloudFront's limit for the code of a function. */
export const EDGE_BYTES_MAX = 10_240;

/** Everything after ES 5.1 that runtime 2.0 has; the rest is rewritten or refused. */
const SUPPORTED = { arrow: true, 'async-await': true, 'const-and-let': true, 'template-literal': true } as const;

export async function bundleEdgeRouter(root: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['router/edge/main.ts'],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es5',
    supported: SUPPORTED,
    external: ['cloudfront'],
    minifySyntax: true,
    minifyWhitespace: true,
    charset: 'ascii',
    logLevel: 'silent',
  });
  // The service calls a global function; its parser takes no export.
  const code = (outputFiles[0]?.text ?? '').replace(/export\s*\{\s*handler\s*\};?\s*$/, '');
  const bytes = Buffer.byteLength(code);
  if (bytes > EDGE_BYTES_MAX)
    throw new RangeError(`The edge router has ${bytes} bytes. Allowed: ${EDGE_BYTES_MAX}. Import less.`);
  return code;
}
