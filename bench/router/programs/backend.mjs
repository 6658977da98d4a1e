/**
 * The cell behind every contender: answers any GET as soon as its head is whole, with 100 bytes or (path /large) 10 kB. On a
 * bare socket, so that it is never what a proxy waits for. Not for anybody but the bench: it reads no bodies.
 */
import { createServer } from 'node:net';
import { announce } from './announce.mjs';

const HEAD_END = '\r\n\r\n';

const small = answer(100);
const large = answer(10_000);

function answer(bytes) {
  const head = [
    'HTTP/1.1 200 OK',
    'content-type: application/json',
    `content-length: ${bytes}`,
    'x-cell: c01',
    'x-region: us-east-1',
    'x-cell-epoch: 1',
  ];
  return Buffer.from(`${head.join('\r\n')}${HEAD_END}${'x'.repeat(bytes)}`);
}

const server = createServer({ noDelay: true }, (socket) => {
  let pending = '';
  socket.setEncoding('latin1');
  socket.on('data', (text) => {
    pending += text;
    for (let end = pending.indexOf(HEAD_END); end >= 0; end = pending.indexOf(HEAD_END)) {
      socket.write(pending.startsWith('GET /large') ? large : small);
      pending = pending.slice(end + HEAD_END.length);
    }
  });
  // A proxy that resets a connection has its reasons; the bench counts answers, not connections.
  socket.on('error', () => socket.destroy());
});

server.listen(0, '127.0.0.1', () => announce(server.address().port));
