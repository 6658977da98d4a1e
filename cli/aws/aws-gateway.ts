/**
 * A door on this machine to what on AWS only opens to a signature: the cells' Function URLs, the payment provider's, and the
 * tables, for reading. Drills go through it as clients with the operator's credentials, and need to know nothing of AWS.
 * It listens on the loopback alone, lives as long as the drill, and lets a table be read and never written.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsClient } from 'aws4fetch';
import type { AwsCredentials } from '../../control/aws/region-functions.ts';

export interface Upstream {
  readonly service: 'lambda' | 'dynamodb';
  readonly region: string;
  /** For a path as it arrives; `null`: nothing stands there. */
  urlOf(path: string): string | null;
}

export interface AwsGateway {
  /** Where a target is to be asked: `http://127.0.0.1:<port>/<target>`. */
  urlOf(target: string): string;
  close(): Promise<void>;
}

/** A request of a drill is far below this. */
const BODY_BYTES_MAX = 256 * 1024;
/** Longer than any deadline of a client, who gives up by itself. */
const UPSTREAM_MS_MAX = 60_000;
const READS: ReadonlySet<string> = new Set(['DynamoDB_20120810.Scan', 'DynamoDB_20120810.Query']);
/** Of this hop, or to be made anew by the signature. */
const DROPPED: ReadonlySet<string> = new Set([
  ...['authorization', 'connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding'],
  ...['x-amz-date', 'x-amz-security-token'],
]);

export async function openAwsGateway(options: {
  readonly targets: ReadonlyMap<string, Upstream>;
  readonly credentials: () => Promise<AwsCredentials>;
}): Promise<AwsGateway> {
  const server = createServer((request, response) => {
    void forward(options, request)
      .then((answer) => send(response, answer))
      // Nothing was answered, so the client sees a connection that broke, as it would without a gateway.
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { urlOf: (target) => `http://127.0.0.1:${port}/${target}`, close: () => closed(server) };
}

async function forward(
  { targets, credentials }: Parameters<typeof openAwsGateway>[0],
  request: IncomingMessage,
): Promise<Response> {
  const { method = 'GET' } = request;
  const [, name = '', path = '/'] = /^\/([^/]+)(\/.*)?$/.exec(request.url ?? '') ?? [];
  const upstream = targets.get(decodeURIComponent(name));
  const url = upstream?.urlOf(path);
  if (!upstream || !url) return refusal(404, `Nothing stands at ${name}.`);
  if (upstream.service === 'dynamodb' && !READS.has(String(request.headers['x-amz-target'])))
    return refusal(403, 'Tables are only read here: Scan and Query.');
  const body = await bodyOf(request);
  if (body === null) return refusal(413, `More than ${BODY_BYTES_MAX} bytes.`);
  const { service, region } = upstream;
  const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  // What a client may repeat is the client's to judge: no retries here.
  const signer = new AwsClient({ ...keys, service, region, retries: 0 });
  return signer.fetch(url, {
    ...{ method, headers: passedOn(request), signal: AbortSignal.timeout(UPSTREAM_MS_MAX), redirect: 'manual' },
    ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
  });
}

function passedOn(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (!DROPPED.has(name) && typeof value === 'string') headers.set(name, value);
  }
  return headers;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

const refusal = (status: number, message: string) => Response.json({ message }, { status });

async function send(response: ServerResponse, answer: Response): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  const kept = [...answer.headers].filter(([name]) => !DROPPED.has(name) && name !== 'content-encoding');
  response.writeHead(answer.status, { ...Object.fromEntries(kept), 'content-length': body.length });
  response.end(body);
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
