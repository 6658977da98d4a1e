/** An HTTP server that can be killed, stopped and continued, as a process can. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ProcessSight } from '../../drills/ports/platform-port.ts';

type Answer = (message: IncomingMessage, response: ServerResponse, text: string) => Promise<void>;

const PERIOD_MS = 80;
/**
 * Ports below those that the system gives away, a range for each of jest's workers: one that was killed must get its own
 * port again, and nobody else may have got it meanwhile.
 */
const PORTS = 1_000;
const FIRST_PORT = 20_000 + PORTS * (Number(process.env.JEST_WORKER_ID ?? '1') % 8);
/** Two checkouts may be tested at once: each begins somewhere else. */
let portsTaken = process.pid % PORTS;

export class FakeProcess {
  readonly #what: Pick<ProcessSight, 'name' | 'kind' | 'cell' | 'region'>;
  readonly #answer: Answer;
  #server: Server | null = null;
  #port = 0;
  #stopped = false;
  #runRatio = 1;
  #held: (() => void)[] = [];

  constructor(what: Pick<ProcessSight, 'name' | 'kind' | 'cell' | 'region'>, answer: Answer) {
    this.#what = what;
    this.#answer = answer;
  }

  get sight(): ProcessSight {
    const state = this.#server === null ? 'crashed' : this.#stopped ? 'stopped' : 'ready';
    const throttled = this.#runRatio < 1 ? { runRatio: this.#runRatio } : {};
    return { ...this.#what, ...throttled, pid: 1, state, url: `http://127.0.0.1:${this.#port}` };
  }

  async start(): Promise<void> {
    if (this.#server) return;
    const server = createServer((message, response) => this.#receive(message, response));
    if (this.#port > 0) await listening(server, this.#port);
    else this.#port = await listeningSomewhere(server);
    this.#server = server;
  }

  async crash(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
  }

  throttle(runRatio: number): void {
    this.#runRatio = runRatio;
  }

  async continue(): Promise<void> {
    this.#stopped = false;
    for (const go of this.#held.splice(0)) go();
  }

  /** How long a throttled process, which runs at the beginning of each period, still stands still. */
  #offMs(): number {
    const atMs = performance.now() % PERIOD_MS;
    return atMs < PERIOD_MS * this.#runRatio ? 0 : PERIOD_MS - atMs;
  }

  #receive(message: IncomingMessage, response: ServerResponse): void {
    let text = '';
    message.on('data', (chunk) => {
      text += String(chunk);
    });
    message.on('end', () => {
      const go = () => void this.#answer(message, response, text).catch(() => response.destroy());
      const waitMs = this.#offMs();
      if (this.#stopped) this.#held.push(go);
      else if (waitMs > 0) setTimeout(go, waitMs);
      else go();
    });
  }
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Other programs may have some of the ports. */
async function listeningSomewhere(server: Server): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = FIRST_PORT + (portsTaken++ % PORTS);
    try {
      await listening(server, port);
      return port;
    } catch (thrown) {
      if (attempt >= PORTS) throw thrown;
    }
  }
}
