/** S3 as an asset publisher needs it, path style: buckets, whole objects, lists by prefix. */
import type { Answer, Request } from './aws-request.ts';
import { xml } from './query-protocol.ts';

export class FakeStorage {
  readonly #buckets = new Map<string, Map<string, string>>();
  /** Buckets of other accounts: they exist, and nobody here may look. */
  readonly foreign = new Set<string>();

  addBucket(name: string): void {
    this.#buckets.set(name, new Map());
  }

  /** `/bucket/key` → content. */
  read(path: string): string | null {
    const { bucket, key } = split(path);
    return this.#buckets.get(bucket)?.get(key) ?? null;
  }

  answer({ method, path, query, body }: Request): Answer {
    const { bucket, key } = split(path);
    const objects = this.#buckets.get(bucket);
    if (this.foreign.has(bucket)) return { status: 403, body: method === 'HEAD' ? '' : error('AccessDenied') };
    if (!objects) return { status: 404, body: method === 'HEAD' ? '' : error('NoSuchBucket') };
    if (method === 'PUT') {
      objects.set(key, body);
      return { status: 200, body: '', headers: { etag: '"fake"' } };
    }
    if (method === 'HEAD') return { status: key === '' || objects.has(key) ? 200 : 404, body: '' };
    if (query.has('list-type')) return { status: 200, body: list(objects, query.get('prefix') ?? '') };
    if (query.has('encryption')) return { status: 404, body: error('ServerSideEncryptionConfigurationNotFoundError') };
    if (query.has('location')) return { status: 200, body: '<LocationConstraint/>' };
    const content = objects.get(key);
    return content === undefined ? { status: 404, body: error('NoSuchKey') } : { status: 200, body: content };
  }
}

function list(objects: ReadonlyMap<string, string>, prefix: string): string {
  const found = [...objects].filter(([key]) => key.startsWith(prefix));
  const contents = found.map(([Key, content]) => `<Contents>${xml({ Key, Size: content.length })}</Contents>`);
  return `<ListBucketResult><KeyCount>${found.length}</KeyCount><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`;
}

function error(code: string): string {
  return `<Error><Code>${code}</Code><Message>${code}</Message></Error>`;
}

function split(path: string): { readonly bucket: string; readonly key: string } {
  const [, bucket = '', ...rest] = path.split('/');
  return { bucket, key: decodeURIComponent(rest.join('/')) };
}
