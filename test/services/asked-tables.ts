/**
 * A door in front of engines that notes who asks which action of which table. The address says who and which:
 * `<url>/<function>/<table role>/<region>`; what is asked goes on to the region's engine unchanged.
 */
import { createServer, request as requestHttp, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBoundedBody } from '../../local/hosts/bounded-body.ts';

/** A transaction is authorised by the actions of its parts. */
const OF_PART: Readonly<Record<string, string>> = {
  ...{ Put: 'PutItem', Delete: 'DeleteItem', Update: 'UpdateItem', ConditionCheck: 'ConditionCheckItem' },
};

export class AskedTables {
  /** `<function> <table role> <action>`. */
  readonly asked = new Set<string>();
  readonly #server: Server;

  private constructor(engineOf: (region: string) => string) {
    this.#server = createServer(async (request, response) => {
      const [, name = '', role = '', region = ''] = (request.url ?? '').split('/');
      const body = await readBoundedBody(request);
      for (const action of actionsOf(String(request.headers['x-amz-target']), body))
        this.asked.add(`${name} ${role} ${action}`);
      const options = { method: 'POST', headers: { ...request.headers, 'content-length': body.length } };
      const onward = requestHttp(engineOf(region), options, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      onward.end(body);
    });
  }

  static async open(engineOf: (region: string) => string): Promise<AskedTables> {
    const made = new AskedTables(engineOf);
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  url(name: string, { role, region }: { readonly role: string; readonly region: string }): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}/${role}/${region}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function actionsOf(target: string, body: Buffer): readonly string[] {
  const action = target.split('.').at(-1) ?? '';
  if (action !== 'TransactWriteItems') return [action];
  const { TransactItems } = JSON.parse(body.toString('utf8')) as { TransactItems: readonly object[] };
  return TransactItems.flatMap((item) => Object.keys(item).map((part) => OF_PART[part] ?? part));
}
