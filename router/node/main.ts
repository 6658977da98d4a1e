/** The router as a child process: reads its settings, starts, reports its port to its parent, and ends with its parent. */
import { readSettings } from './environment.ts';
import { startRouter } from './router-process.ts';

// Ctrl-C in a terminal reaches the whole group; the supervisor decides who ends when.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
// Requests in flight go to cells that are ending too; nothing of a router is worth waiting for.
process.on('message', (message: { type?: string } | null) => {
  if (message?.type === 'shutdown') process.exit(0);
});

try {
  const settings = readSettings(process.env);
  const { port } = await startRouter(settings);
  process.send?.({ type: 'ready', pid: process.pid, port, name: `router@${settings.region}` });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  if (process.send === undefined) process.stderr.write(`${message}\n`);
  else process.send({ type: 'failed', message }, () => process.exit(1));
  if (process.send === undefined) process.exitCode = 1;
}
