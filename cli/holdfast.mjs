#!/usr/bin/env node
/** The launcher: checks Node, builds what has changed, hands over to the bundled CLI. Plain JavaScript, so that any Node can read it. */
const NODE_MAJOR_MIN = 20;

const major = Number(process.versions.node.split('.')[0]);
if (major < NODE_MAJOR_MIN) {
  console.error(
    `Holdfast needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.versions.node}. Install a newer one from https://nodejs.org and try again.`,
  );
  process.exit(2);
}

const { buildIfStale } = await import('../local/build.mjs');
try {
  await buildIfStale();
} catch (error) {
  console.error(`Holdfast could not be built: ${error instanceof Error ? error.message : String(error)}`);
  console.error('If dependencies are missing, run "npm ci" first.');
  process.exit(1);
}
await import('../dist/cli/main.js');
