/** The command's composition root: the real terminal, the real services, one exit code. */
import { join } from 'node:path';
import { findProject } from '../local/project-root.ts';
import { realServices } from './real-services.ts';
import { runCli } from './run-cli.ts';
import { terminalOn } from './terminal.ts';

// A reader that goes away (holdfast … | head) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// The pinned version of the SDK supports Node 20; its notice about later versions is for whoever upgrades it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const terminal = terminalOn({ stdout: process.stdout, stderr: process.stderr, env: process.env });
const services = realServices({ stateDir: join(process.cwd(), '.holdfast') });
const debug = Boolean(process.env.HOLDFAST_DEBUG);
const exitCode = await runCli(process.argv.slice(2), { terminal, services, version: findProject().version, debug });
// Leaves when everything is written, instead of when nothing is left to do: after a drill, Node 20's own clean-up of
// handles was seen to spin on one core for minutes.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)));
