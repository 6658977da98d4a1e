/**
 * Bad releases for drills and tests, and for nothing else: a copy of a good one with a single fault put in, under a name and a digest
 * of its own, and marked as spoilt in its manifest. The fault stands in a small module beside the bundles; they are what they were.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { CycloneDx } from './bill-of-materials.ts';
import { digestOf, type ReleaseFile, type ReleaseManifest } from './release-manifest.ts';
import type { ReleaseShelf } from './release-shelf.ts';

export type Spoilage =
  /** Another release that does the same: what a good one looks like. */
  | { readonly kind: 'harmless' }
  /** One request in so many throws, before anything of it was done. */
  | { readonly kind: 'throws'; readonly onceIn: number; readonly spares: 'warm-up' | 'nobody' }
  /** Each request leaves so much behind; at the bound the process dies, as it would. */
  | { readonly kind: 'leaks'; readonly bytesPerRequest: number; readonly bytesMax: number }
  /** It is loaded, and then does nothing for so long. */
  | { readonly kind: 'starts-slowly'; readonly delayMs: number };

const SPOILT = 'spoilt.js';
const HOST = 'local/hosts/cell-host.js';
const SERVICE = /^services\/([a-z]+)\/main\.js$/;
/** The tenants of nobody with which a process is run warm. */
const NOBODY = 'warm-up-';

/** Puts it on the shelf of the good one. Idempotent. */
export async function spoilRelease(of: {
  readonly shelf: ReleaseShelf;
  readonly good: string;
  readonly with: Spoilage;
  /** Default: that of the good one and the kind. */
  readonly name?: string;
}): Promise<ReleaseManifest> {
  const { shelf, good, with: spoilage } = of;
  const { manifest } = await shelf.open(good);
  const sound = await Promise.all(
    manifest.files.map(async (file): Promise<[string, string]> => {
      return [file.path, await readFile(shelf.bundlePath(good, file), 'utf8')];
    }),
  );
  const texts = new Map(spoilt(sound, spoilage));
  const files = [...texts].map(([path, text]) => fileOf(path, text));
  const made: ReleaseManifest = {
    ...manifest,
    name: of.name ?? `${good}-${spoilage.kind}`,
    digest: digestOf(files),
    files,
    spoiltWith: JSON.stringify(spoilage),
  };
  const materials = (await shelf.materials(good)) as CycloneDx;
  return shelf.add({ manifest: made, materials, read: async ({ path }) => Buffer.from(texts.get(path) ?? '') });
}

/** Each service behind a gate that the fault keeps; and the host loads the fault before anything else. */
function spoilt(files: readonly [string, string][], spoilage: Spoilage): readonly [string, string][] {
  const gated = files.flatMap(([path, text]): [string, string][] => {
    if (path === HOST) return [[path, `import "../../${SPOILT}";\n${text}`]];
    if (!SERVICE.test(path)) return [[path, text]];
    return [
      [path.replace('main.js', 'sound.js'), text],
      [path, GATED],
    ];
  });
  return [...gated, [SPOILT, faultOf(spoilage)]];
}

const GATED = `import { handler as sound } from "./sound.js";
import { onRequest } from "../../${SPOILT}";
export const handler = async (event, context) => {
  onRequest(event);
  return sound(event, context);
};
`;

function faultOf(spoilage: Spoilage): string {
  switch (spoilage.kind) {
    case 'harmless':
      return 'export const onRequest = () => undefined;\n';
    case 'throws':
      return `let requests = 0;
export const onRequest = (event) => {
  if (${spoilage.spares === 'warm-up'} && String(event.headers?.["x-holdfast-tenant"]).startsWith("${NOBODY}")) return;
  requests += 1;
  if (requests % ${spoilage.onceIn} === 0) throw new Error("spoilt release: one request in ${spoilage.onceIn} throws");
};
`;
    case 'leaks':
      return `const kept = [];
const BYTES_PER_ELEMENT = 8;
export const onRequest = () => {
  kept.push(new Array(${Math.ceil(spoilage.bytesPerRequest / 8)}).fill(0.5));
  if (kept.length * ${Math.ceil(spoilage.bytesPerRequest / 8)} * BYTES_PER_ELEMENT > ${spoilage.bytesMax}) process.exit(134);
};
`;
    case 'starts-slowly':
      return `await new Promise((resolve) => setTimeout(resolve, ${spoilage.delayMs}));
export const onRequest = () => undefined;
`;
  }
}

function fileOf(path: string, text: string): ReleaseFile {
  return { path, bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') };
}
