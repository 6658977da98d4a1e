/** The bucket of one region: one object, written only under the condition that it is still what was read. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Clock } from '../../core/clock.ts';
import { PlatformError } from '../../core/errors.ts';
import { SNAPSHOT_KEY } from '../../core/map-snapshot.ts';
import { Deadline } from '../../resilience/deadline.ts';
import type { SnapshotStore, StoredSnapshot } from '../publisher/snapshot-publisher.ts';

/** The part of the client that is used. */
export type Bucket = Pick<S3Client, 'send'>;

/** Who may not list a bucket is told 403 of an object that is not there. The condition of the write finds out. */
const ABSENT: ReadonlySet<number> = new Set([403, 404]);
/** The condition failed, or another write under the same condition was under way. */
const OVERTAKEN: ReadonlySet<number> = new Set([409, 412]);

export function bucketSnapshotStore(of: { client: Bucket; bucket: string; clock: Clock }): SnapshotStore {
  const { client, bucket, clock } = of;
  const object = { Bucket: bucket, Key: SNAPSHOT_KEY };
  const within = <T>(ms: number, work: (signal: AbortSignal) => Promise<T>) =>
    new Deadline({ clock, ms }).run('the bucket of the map', work);
  return {
    read: (withinMs) => within(withinMs, (abortSignal) => read({ client, object, abortSignal })),
    write: (text, { etag, withinMs }) =>
      within(withinMs, async (abortSignal) => {
        const condition = etag === null ? { IfNoneMatch: '*' } : { IfMatch: etag };
        const content = { Body: text, ContentType: 'application/json', CacheControl: 'no-store' };
        try {
          await client.send(new PutObjectCommand({ ...object, ...content, ...condition }), { abortSignal });
          return true;
        } catch (error) {
          if (OVERTAKEN.has(statusOf(error))) return false;
          throw unavailable(error);
        }
      }),
  };
}

async function read(call: {
  client: Bucket;
  object: { Bucket: string; Key: string };
  abortSignal: AbortSignal;
}): Promise<StoredSnapshot | null> {
  const { client, object, abortSignal } = call;
  try {
    const { Body, ETag } = await client.send(new GetObjectCommand(object), { abortSignal });
    const text = (await Body?.transformToString()) ?? '';
    return { document: parsed(text), etag: ETag ?? '' };
  } catch (error) {
    if (ABSENT.has(statusOf(error))) return null;
    throw unavailable(error);
  }
}

/** What is no JSON is no snapshot either: the publisher replaces it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The document says so to whoever looks at it.
    return text;
  }
}

function statusOf(error: unknown): number {
  return (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode ?? 0;
}

function unavailable(cause: unknown): PlatformError {
  const message = `The bucket of the map did not answer as expected (${cause instanceof Error ? cause.message : cause}).`;
  return new PlatformError({ code: 'STORE_UNAVAILABLE', kind: 'dependency', effect: 'unknown', message, cause });
}
