/** One log file per process: its own output, appended over its lives. Bounded: a file that has grown large starts anew. */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const LOG_BYTES_MAX = 8 * 1024 * 1024;
const TAIL_LINES = 12;

export interface ProcessLog {
  readonly path: string;
  /** Calls `use` with the file open for appending, and closes it (a child keeps its own copy). */
  withFd<T>(use: (fd: number) => T): T;
  tail(): string;
}

export function processLog(dir: string, processName: string): ProcessLog {
  const path = join(dir, `${processName}.log`);
  return {
    path,
    withFd: (use) => {
      mkdirSync(dir, { recursive: true });
      if (existsSync(path) && statSync(path).size > LOG_BYTES_MAX) truncateSync(path);
      const fd = openSync(path, 'a');
      try {
        return use(fd);
      } finally {
        closeSync(fd);
      }
    },
    tail: () =>
      existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n') : '',
  };
}
