/**
 * A client connection that costs as little as a client can: bytes out, bytes in, one request at a time. It understands just
 * enough HTTP/1.1 for the answers of the bench's backend (a status of 200 and a content-length), and refuses all else.
 */
import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';
/** A proxy that needs longer for an idle backend has lost the request. */
const ANSWER_MS_MAX = 5_000;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class RawConnection {
  readonly #socket: Socket;
  #received = '';
  #waiting: Waiting | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1').setTimeout(ANSWER_MS_MAX);
    socket.on('data', (text: string) => this.#onData(text));
    socket.on('error', (error) => this.#fail(error));
    socket.on('timeout', () => {
      if (this.#waiting) this.#fail(new Error(`no answer within ${ANSWER_MS_MAX} ms`));
    });
    socket.on('close', () => this.#fail(new Error('the proxy closed the connection')));
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawConnection(socket)));
    });
  }

  /** Resolves when the whole answer is there. */
  send(request: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the proxy closed the connection'));
      this.#waiting = { resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#waiting = null;
    this.#socket.destroy();
  }

  #onData(text: string): void {
    this.#received += text;
    const bytes = wholeAnswerLength(this.#received);
    if (bytes === null || this.#received.length < bytes) return;
    if (!this.#received.startsWith('HTTP/1.1 200')) {
      this.#fail(new Error(`An answer other than 200: ${this.#received.slice(0, 200)}`));
      return;
    }
    this.#received = '';
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve();
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#socket.destroy();
    waiting?.reject(error);
  }
}

/** Head and body of the answer that `received` begins with; `null` while the head is not whole. Pure. */
export function wholeAnswerLength(received: string): number | null {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd < 0) return null;
  const length = /^content-length: *(\d+)\r?$/im.exec(received.slice(0, headEnd))?.[1];
  if (length === undefined) throw new Error(`An answer without content-length: ${received.slice(0, 200)}`);
  return headEnd + HEAD_END.length + Number(length);
}

/** A GET as bytes. The token is sent to every contender, so that all parse the same request. Pure. */
export function requestBytes(options: {
  readonly path: string;
  readonly port: number;
  readonly token: string;
}): string {
  const { path, port, token } = options;
  const lines = [`GET ${path} HTTP/1.1`, `host: 127.0.0.1:${port}`, 'accept: */*', `authorization: Bearer ${token}`];
  return `${lines.join('\r\n')}${HEAD_END}`;
}
