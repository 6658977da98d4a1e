/**
 * The supervisor's control API: `PlatformControl` over HTTP, on loopback and with the secret of `state.json`.
 *
 *   GET /platform · POST /processes/<name> {action} · PUT /processes/<name> {runRatio} · PUT /processes/<name>/release {release}
 *   PUT /release {release} · PUT /links/<name> <fault> · DELETE /links/<name>
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { invalid, PlatformError, toPlatformError } from '../../core/errors.ts';
import { shown } from '../../core/ids.ts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../../core/problem.ts';
import { parseLinkFault } from '../links/link-fault.ts';
import { type PlatformControl, PROCESS_ACTIONS } from '../platform-control.ts';
import { parseRunRatio } from './duty-cycle.ts';
import { parseReleaseOrder } from './release-order.ts';

/** A fault or an action is a few dozen bytes. */
const BODY_BYTES_MAX = 16 * 1024;

export interface ControlApi {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveControlApi(control: PlatformControl, secret: string): Promise<ControlApi> {
  const server = createServer((request, response) => {
    void answer({ control, secret, request, response });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Exchange {
  readonly control: PlatformControl;
  readonly secret: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function answer({ control, secret, request, response }: Exchange): Promise<void> {
  try {
    assertSecret(request.headers.authorization, secret);
    send(response, { status: 200, type: 'application/json', body: await route(control, request) });
  } catch (thrown) {
    const error = toPlatformError(thrown);
    const { status, body } = toProblem(error);
    // Whoever has the secret is the operator: what went wrong inside is what he asks for.
    send(response, { status, type: PROBLEM_CONTENT_TYPE, body: { ...body, detail: error.message } });
  }
}

async function route(control: PlatformControl, request: IncomingMessage): Promise<unknown> {
  const { method = '', url = '' } = request;
  const [collection = '', encodedName, ...rest] = url.slice(1).split('/');
  const key = [`${method} /${collection}`, ...(encodedName === undefined ? [] : ['…']), ...rest].join('/');
  const name = decode(encodedName ?? '');
  switch (key) {
    case 'GET /platform':
      return await control.view();
    case 'POST /processes/…':
      return await control.act(name, parseAction(await readJson(request)));
    case 'PUT /processes/…':
      return await control.throttle(name, parseRunRatio(memberOf(await readJson(request), 'runRatio')));
    case 'PUT /processes/…/release':
      return await control.replace(name, parseReleaseOrder(await readJson(request)));
    case 'PUT /release':
      await control.settleRelease(parseReleaseOrder(await readJson(request)));
      return {};
    case 'PUT /links/…':
      return await control.setFault(name, parseLinkFault(await readJson(request)));
    case 'DELETE /links/…':
      return await control.heal(name);
    default:
      throw new PlatformError({
        code: 'NOT_FOUND',
        kind: 'caller',
        effect: 'none',
        message: `No such operation: ${shown(`${method} ${url}`)}. Allowed: GET /platform, POST or PUT /processes/<name>, PUT /processes/<name>/release, PUT /release, PUT or DELETE /links/<name>.`,
      });
  }
}

function parseAction(body: unknown) {
  const given = memberOf(body, 'action');
  const action = PROCESS_ACTIONS.find((known) => known === given);
  if (action) return action;
  throw invalid(`Not an action: ${shown(given)}. Allowed: {"action": one of ${PROCESS_ACTIONS.join(', ')}}.`);
}

function memberOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > BODY_BYTES_MAX) throw invalid(`The body is larger than ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`The body is not JSON: ${shown(text)}.`);
  }
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw invalid(`Not a percent-encoded name: ${shown(name)}.`);
  }
}

function assertSecret(header: string | undefined, secret: string): void {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${secret}`);
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new PlatformError({
    code: 'UNAUTHENTICATED',
    kind: 'caller',
    effect: 'none',
    message: 'The control API wants "authorization: Bearer <secret>", with the secret from .holdfast/state.json.',
  });
}

function send(
  response: ServerResponse,
  answer: { readonly status: number; readonly type: string; readonly body: unknown },
): void {
  response.writeHead(answer.status, { 'content-type': answer.type });
  response.end(JSON.stringify(answer.body));
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
