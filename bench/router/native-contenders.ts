/** nginx and HAProxy, where the machine has them: one worker, connections kept alive on both sides, no access log. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { freePort } from '../../local/supervisor/free-ports.ts';
import { spawnGuarded } from '../../local/supervisor/guarded-spawn.ts';
import { processLog } from '../../local/supervisor/process-logs.ts';
import { exitOf, processFailed } from '../../local/supervisor/running-child.ts';
import type { Scope } from '../scope.ts';
import type { Contender, Skipped } from './contender.ts';

interface Native {
  readonly name: string;
  readonly versionFlag: string;
  readonly config: (at: { readonly dir: string; readonly port: number; readonly backendPort: number }) => string;
  readonly args: (configPath: string) => readonly string[];
}

const NATIVES: readonly Native[] = [
  { name: 'nginx', versionFlag: '-v', config: nginxConfig, args: (path) => ['-c', path, '-e', 'stderr'] },
  // -db: in the foreground, one process.
  { name: 'haproxy', versionFlag: '-v', config: haproxyConfig, args: (path) => ['-db', '-f', path] },
];
const READY_MS_MAX = 5_000;

export function startNatives(scope: Scope, backendPort: number): Promise<readonly (Contender | Skipped)[]> {
  return Promise.all(NATIVES.map((native) => startNative(scope, native, backendPort)));
}

/** Debian keeps servers where only root's PATH looks. */
const searchPath = () => `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/** What a program says its version is; `null`: it is not installed. */
export function versionOf(command: string, flag: string): string | null {
  const result = spawnSync(command, [flag], { encoding: 'utf8', env: { PATH: searchPath() } });
  if (result.error) return null;
  return /\d+\.\d+[\w.+~-]*/.exec(`${result.stdout}${result.stderr}`)?.[0] ?? 'unknown';
}

async function startNative(scope: Scope, native: Native, backendPort: number): Promise<Contender | Skipped> {
  const { name } = native;
  const version = versionOf(name, native.versionFlag);
  if (version === null) return { name, reason: `not on PATH: apt-get install ${name}` };
  const port = await freePort();
  const configPath = join(scope.dir, `${name}.conf`);
  writeFileSync(configPath, native.config({ dir: scope.dir, port, backendPort }));
  const log = processLog(scope.dir, name);
  const env = { PATH: searchPath() };
  const child = log.withFd((logFd) =>
    spawnGuarded({ command: name, args: native.args(configPath), env, cwd: scope.dir, logFd, channel: 'none' }),
  );
  const exited = exitOf(child);
  scope.own({
    ...{ pid: child.pid ?? 0, ready: Promise.resolve(port), exited },
    requestShutdown: () => void child.kill('SIGTERM'),
    kill: (signal) => void child.kill(signal),
  });
  const giveUpAtMs = systemClock.monotonicMs() + READY_MS_MAX;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || systemClock.monotonicMs() > giveUpAtMs) {
      throw processFailed(`${name} does not listen on port ${port}.\n${log.tail()}`);
    }
    await systemClock.sleep(20);
  }
  return { name, kind: 'native', version, pid: child.pid ?? 0, port };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (listens: boolean) => {
      socket.destroy();
      resolve(listens);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

function nginxConfig({ dir, port, backendPort }: { dir: string; port: number; backendPort: number }): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr warn;
events { worker_connections 2048; }
http {
  access_log off;
  ${temporary.map((kind) => `${kind}_temp_path ${dir}/nginx-${kind};`).join(' ')}
  keepalive_requests 100000000;
  upstream backend { server 127.0.0.1:${backendPort}; keepalive 256; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`;
}

function haproxyConfig({ port, backendPort }: { port: number; backendPort: number }): string {
  return `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  option http-keep-alive
  http-reuse always
frontend entry
  bind 127.0.0.1:${port}
  default_backend cells
backend cells
  server cell 127.0.0.1:${backendPort}
`;
}
