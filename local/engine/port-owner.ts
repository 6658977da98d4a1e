/**
 * Whether the process that listens on a port is the one we started: another server may sit there, and a database that is
 * not ours would be taken for ours. Linux says so under /proc; elsewhere the answer is `unknown`.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const TCP_LISTEN = '0A';

export type PortOwner = 'ours' | 'foreign' | 'unknown';

export function portOwner(options: { readonly pid: number; readonly port: number }): PortOwner {
  const inodes = [
    ...listeningInodes('/proc/net/tcp', options.port),
    ...listeningInodes('/proc/net/tcp6', options.port),
  ];
  if (inodes.length === 0) return 'unknown';
  const held = socketsOf(options.pid);
  if (!held) return 'unknown';
  return inodes.some((inode) => held.has(`socket:[${inode}]`)) ? 'ours' : 'foreign';
}

/** Columns of /proc/net/tcp: 1 = local address:port in hex, 3 = state, 9 = inode. */
function listeningInodes(path: string, port: number): readonly string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readText(path)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === TCP_LISTEN)
    .flatMap((columns) => (columns[9] ? [columns[9]] : []));
}

function socketsOf(pid: number): ReadonlySet<string> | null {
  try {
    return new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => readLink(`/proc/${pid}/fd/${fd}`)));
  } catch {
    // No /proc, or the process has gone; the caller watches the process itself.
    return null;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not Linux, or IPv6 is off.
    return '';
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed while we looked.
    return '';
  }
}
