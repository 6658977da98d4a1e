/**
 * Signature Version 4A, for the one service here that has no region: the edge's key-value store takes no other. The key is
 * derived from the secret so that AWS can verify with the public half alone; then ECDSA over the usual string to sign.
 * Sources: NIST SP 800-108 (key derivation in counter mode), AWS's signing library, whose test vector the tests hold.
 */
import { createECDH, createHash, createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { invariant } from '../../core/errors.ts';

const ALGORITHM = 'AWS4-ECDSA-P256-SHA256';
/** Order of the curve P-256, less two: what a candidate may be at most. */
const CANDIDATE_MAX = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551') - 2n;
/** A candidate fits with a probability of 1 − 2⁻³²; the counter is one byte. */
const CANDIDATES_MAX = 254;

export interface GlobalCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of the second version, as regional endpoints and Lambda give it; empty when there is none. */
  readonly sessionToken: string;
}

export interface GlobalCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The headers to send, `authorization` among them. */
export function signGlobally(
  call: GlobalCall,
  by: { readonly credentials: GlobalCredentials; readonly service: string; readonly atMs: number },
): Readonly<Record<string, string>> {
  const { credentials, service } = by;
  const time = new Date(by.atMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
  const headers: Record<string, string> = {
    ...call.headers,
    host: call.url.host,
    'x-amz-date': time,
    'x-amz-region-set': '*',
    ...(credentials.sessionToken === '' ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const signed = names.join(';');
  const request = [
    ...[call.method, encodeTwice(call.url.pathname), sortedQuery(call.url)],
    ...[names.map((name) => `${name}:${headers[name]}\n`).join(''), signed, sha256(call.body)],
  ].join('\n');
  const scope = `${time.slice(0, 8)}/${service}/aws4_request`;
  const text = [ALGORITHM, time, scope, sha256(request)].join('\n');
  const signature = sign('sha256', Buffer.from(text), derivedKey(credentials)).toString('hex');
  const credential = `Credential=${credentials.accessKeyId}/${scope}`;
  return { ...headers, authorization: `${ALGORITHM} ${credential}, SignedHeaders=${signed}, Signature=${signature}` };
}

export function derivedKey({ accessKeyId, secretAccessKey }: GlobalCredentials): KeyObject {
  const key = `AWS4A${secretAccessKey}`;
  for (let counter = 1; counter <= CANDIDATES_MAX; counter++) {
    const label = [Buffer.from([0, 0, 0, 1]), Buffer.from(ALGORITHM), Buffer.from([0]), Buffer.from(accessKeyId)];
    const input = Buffer.concat([...label, Buffer.from([counter]), Buffer.from([0, 0, 1, 0])]);
    const candidate = BigInt(`0x${createHmac('sha256', key).update(input).digest('hex')}`);
    if (candidate <= CANDIDATE_MAX) return privateKey(candidate + 1n);
  }
  invariant(false, 'one of 254 candidates is below the order of the curve');
}

function privateKey(scalar: bigint): KeyObject {
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  const part = (bytes: Buffer) => bytes.toString('base64url');
  return createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', d: part(d), x: part(x), y: part(y) } });
}

/** The path goes out encoded once, and is encoded again for the signature. */
function encodeTwice(pathname: string): string {
  return pathname.split('/').map(encodeURIComponent).join('/');
}

function sortedQuery({ searchParams }: URL): string {
  return [...searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
