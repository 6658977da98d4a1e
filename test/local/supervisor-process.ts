/** A supervisor in a process of its own, for tests that kill it. Options as JSON in its first argument; says its processes when ready. */
import { type StartPlatformOptions, startPlatform } from '../../local/supervisor/start-platform.ts';
import topology from '../../platform.config.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Partial<StartPlatformOptions>;
const platform = await startPlatform({ topology, cells: 1, ...options });
const view = await platform.view();
process.send?.({
  routers: view.routers,
  dataDir: view.dataDir,
  processes: view.processes.map(({ name, pid, url }) => ({ name, pid, url })),
});
