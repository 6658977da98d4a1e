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
process.exitCode = await runCli(process.argv.slice(2), { terminal, services, version: findProject().version, debug });
