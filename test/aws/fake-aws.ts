/**
 * One endpoint that stands for AWS: set `AWS_ENDPOINT_URL` to it, and CloudFormation, STS, S3, SSM, DynamoDB, Lambda, IAM and
 * CloudWatch Logs of every region answer from memory, as far as a deployment and the doctor ask them. Which service and
 * region a request is for stands in its signature. An action that nobody taught it is refused and listed in `unknown`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { AccountServices } from './account-services.ts';
import { ACCOUNT, type Answer, type Request } from './aws-request.ts';
import { FakeCloudFormation } from './fake-cloudformation.ts';
import { QueryError } from './fake-stack.ts';
import { FakeStorage } from './fake-storage.ts';
import { answerXml, errorXml, readForm } from './query-protocol.ts';

export interface Fault {
  /** `CreateChangeSet`, `GetCallerIdentity`, `PUT object` …; the first `times` requests meet it. */
  readonly action: string;
  readonly region?: string;
  times: number;
  readonly how:
    | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message: string }
    | { readonly kind: 'slow'; readonly ms: number }
    /** The answer begins and never ends; `after`: the request has had its effect. */
    | { readonly kind: 'cut'; readonly after: boolean };
}

const BODY_BYTES_MAX = 64 * 1024 * 1024;

export class FakeAws {
  readonly faults: Fault[] = [];
  /** Every request, as `cloudformation us-east-1 CreateChangeSet`. */
  readonly log: string[] = [];
  readonly unknown: string[] = [];
  readonly storage = new FakeStorage();
  readonly account = new AccountServices();
  readonly #regions = new Map<string, FakeCloudFormation>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  cloudFormation(region: string): FakeCloudFormation {
    const present = this.#regions.get(region);
    if (present) return present;
    const object = (url: string) => this.storage.read(new URL(url).pathname);
    const fresh = new FakeCloudFormation({ region, account: ACCOUNT, object });
    this.#regions.set(region, fresh);
    return fresh;
  }

  /** What `cdk bootstrap` leaves behind. */
  bootstrap(...regions: readonly string[]): void {
    for (const region of regions) {
      const outputs = [{ OutputKey: 'BootstrapVersion', OutputValue: '30' }];
      this.cloudFormation(region).plant('CDKToolkit', { status: 'CREATE_COMPLETE', outputs });
      this.storage.addBucket(`cdk-hnb659fds-assets-${ACCOUNT}-${region}`);
      this.account.parameters.set(`${region} /cdk-bootstrap/hnb659fds/version`, '30');
    }
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming);
    this.log.push(`${request.service} ${request.region} ${request.action}`);
    const fault = this.faults.find(
      ({ action, region, times }) =>
        action === request.action && times > 0 && (region ?? request.region) === request.region,
    );
    if (fault) fault.times--;
    if (fault?.how.kind === 'slow') await sleep(fault.how.ms);
    if (fault?.how.kind === 'error') return send(response, failed(request, fault.how));
    if (fault?.how.kind === 'cut' && !fault.how.after) return cut(response);
    const answer = this.#answer(request);
    if (fault?.how.kind === 'cut') return cut(response);
    send(response, answer);
  }

  #answer(request: Request): Answer {
    try {
      const { service, region, action } = request;
      if (service === 's3') return this.storage.answer(request);
      if (service === 'cloudformation') {
        const result = this.cloudFormation(region).answer(action, readForm(request.body));
        if (result !== null) return { status: 200, body: answerXml(action, result) };
      }
      const answer = this.account.answer(request);
      if (answer) return answer;
      this.unknown.push(`${service} ${action}`);
      return failed(request, {
        status: 400,
        code: 'InvalidAction',
        message: `The fake does not know ${service} ${action}`,
      });
    } catch (thrown) {
      if (!(thrown instanceof QueryError)) throw thrown;
      return failed(request, { status: 400, code: thrown.code, message: thrown.message });
    }
  }
}

function failed(
  { service }: Request,
  { status, code, message }: { status: number; code: string; message: string },
): Answer {
  if (service === 's3') return { status, body: `<Error><Code>${code}</Code><Message>${message}</Message></Error>` };
  const json = !['cloudformation', 'sts', 'iam'].includes(service);
  const headers: Readonly<Record<string, string>> = json ? { 'x-amzn-errortype': code } : {};
  return {
    status,
    headers,
    body: json ? JSON.stringify({ __type: code, message, Message: message }) : errorXml({ code, message }),
  };
}

async function read(incoming: IncomingMessage): Promise<Request> {
  let body = '';
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    body += chunk.toString('latin1');
    if (body.length > BODY_BYTES_MAX) throw new Error('the fake takes no larger body');
  }
  const url = new URL(incoming.url ?? '/', 'http://fake');
  const [, region = '', service = ''] =
    /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//.exec(incoming.headers.authorization ?? '') ?? [];
  const target = incoming.headers['x-amz-target'];
  const method = incoming.method ?? 'GET';
  const action =
    typeof target === 'string'
      ? (target.split('.')[1] ?? '')
      : (readForm(body).get('Action') ?? `${method} ${url.pathname}`);
  return { service, region, action, method, path: url.pathname, query: url.searchParams, body };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, {
    'content-type': body.startsWith('<') ? 'text/xml' : 'application/x-amz-json-1.1',
    ...headers,
  });
  response.end(body);
}

/** Some bytes of an answer, then nothing: the client can't know what became of its request. */
function cut(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/xml', 'content-length': '1000' });
  response.write('<Half');
  response.destroy();
}
