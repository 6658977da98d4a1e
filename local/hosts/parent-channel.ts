/** A host's line to the supervisor: reports ready or failed, hears `shutdown`, and ends the process when the supervisor has gone. */

export interface ParentChannel {
  ready(port: number): void;
  /** Reports the failure and ends the process. */
  failed(thrown: unknown): void;
}

/** `shutdown` finishes what is under way, waiting up to `drainMs` for others; when it has settled the process ends. */
export function openParentChannel(options: {
  readonly name: string;
  readonly shutdown: (options: { readonly drainMs: number }) => Promise<void>;
}): ParentChannel {
  // The supervisor ends its children in order; the terminal's Ctrl-C is not for them.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message: unknown) => {
    if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== 'shutdown') return;
    const drainMs = 'drainMs' in message && typeof message.drainMs === 'number' ? message.drainMs : 0;
    void options.shutdown({ drainMs }).finally(() => process.exit(0));
  });
  return {
    ready: (port) => {
      if (process.send) process.send({ type: 'ready', pid: process.pid, port, name: options.name });
      else console.log(`${options.name} listens on http://127.0.0.1:${port}`);
    },
    failed: (thrown) => {
      console.error(thrown);
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      if (process.send) process.send({ type: 'failed', message }, () => process.exit(1));
      else process.exit(1);
    },
  };
}
