/**
 * AWS FIS from memory, as far as drills ask it: templates by region, experiments that begin, run and are stopped. What an
 * experiment does is the test's to say, in `onBegin` and `onEnd`. Requests that are not signed for the service are refused.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeExperiment {
  readonly id: string;
  readonly name: string;
  readonly region: string;
  readonly token: string;
  readonly tags: Readonly<Record<string, string>>;
  status: string;
  reason: string | null;
  looks: number;
}

/** How often an experiment is looked at before it runs. */
const LOOKS_UNTIL_RUNNING = 1;
const ENDED = ['completed', 'stopped', 'failed', 'cancelled'];

export class FakeFis {
  readonly experiments: FakeExperiment[] = [];
  /** Names of templates, `slow-cell`, that every region has. */
  readonly templates: string[];
  /** What experiments fail with at their start; `null`: they run. */
  failsWith: string | null = null;
  onBegin: (experiment: FakeExperiment) => void | Promise<void> = () => undefined;
  onEnd: (experiment: FakeExperiment) => void | Promise<void> = () => undefined;
  readonly #server: Server;

  constructor(templates: readonly string[]) {
    this.templates = [...templates];
    this.#server = createServer(async (request, response) => {
      const { status, body } = await this.#answer(request);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage): Promise<{ readonly status: number; readonly body: unknown }> {
    const [, region] = /Credential=[^/]+\/\d+\/([^/]+)\/fis\//.exec(request.headers.authorization ?? '') ?? [];
    if (region === undefined) return { status: 403, body: { __type: 'AccessDeniedException', message: 'not signed' } };
    let text = '';
    for await (const chunk of request) text += chunk;
    const { pathname } = new URL(request.url ?? '/', 'http://fake');
    const [, what, id] = pathname.split('/');
    if (what === 'experimentTemplates') {
      const tagged = this.templates.map((name) => ({ id: `EXT-${name}`, tags: { Name: `holdfast-${name}` } }));
      return { status: 200, body: { experimentTemplates: tagged } };
    }
    if (request.method === 'POST') return { status: 200, body: { experiment: await this.#begin(region, text) } };
    const found = this.experiments.find((one) => one.id === id);
    if (id !== undefined && !found) return { status: 404, body: { __type: 'ResourceNotFoundException', message: id } };
    if (found && request.method === 'DELETE') return this.#end(found);
    if (found) return { status: 200, body: { experiment: shown(this.#looked(found)) } };
    return { status: 200, body: { experiments: this.experiments.filter((one) => one.region === region).map(shown) } };
  }

  async #begin(region: string, text: string) {
    const { clientToken: token, experimentTemplateId, tags } = JSON.parse(text);
    const known = this.experiments.find((one) => one.token === token);
    if (known) return shown(known);
    const name = String(experimentTemplateId).replace('EXT-', '');
    const id = `EXP${this.experiments.length + 1}`;
    const begun: FakeExperiment = { id, name, region, token, tags, status: 'initiating', reason: null, looks: 0 };
    this.experiments.push(begun);
    if (this.failsWith !== null) Object.assign(begun, { status: 'failed', reason: this.failsWith });
    else await this.onBegin(begun);
    return shown(begun);
  }

  #looked(experiment: FakeExperiment): FakeExperiment {
    if (experiment.status === 'initiating' && experiment.looks++ >= LOOKS_UNTIL_RUNNING) experiment.status = 'running';
    if (experiment.status === 'stopping') experiment.status = 'stopped';
    return experiment;
  }

  async #end(experiment: FakeExperiment): Promise<{ readonly status: number; readonly body: unknown }> {
    if (ENDED.includes(experiment.status))
      return { status: 400, body: { __type: 'ValidationException', message: 'it has ended' } };
    experiment.status = 'stopping';
    await this.onEnd(experiment);
    return { status: 200, body: { experiment: shown(experiment) } };
  }
}

const shown = ({ id, status, reason, tags }: FakeExperiment) => ({
  id,
  tags,
  state: { status, ...(reason === null ? {} : { reason }) },
});
