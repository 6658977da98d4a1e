/** How a program of the router bench reports to the bench and ends with it: as every process of the platform does. */

export function announce(port) {
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  process.send?.({ type: 'ready', pid: process.pid, port, name: process.env.HOLDFAST_PROCESS ?? '' });
}
