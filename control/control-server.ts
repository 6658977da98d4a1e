/** What a control process answers: the map, to routers; and what its automation thinks, to operators who know the platform's secret. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Automation } from './failover/automation/automation.ts';
import type { MapPublisher } from './publisher/map-publisher.ts';

export interface ControlParts {
  readonly publisher: Pick<MapPublisher, 'published'>;
  readonly automation: Pick<Automation, 'status'>;
  readonly internalSecret: string;
}

export function answerControl(parts: ControlParts): (request: IncomingMessage, response: ServerResponse) => void {
  const wanted = Buffer.from(`Holdfast-Internal ${parts.internalSecret}`);
  return (request, response) => {
    if (request.method !== 'GET') return void response.writeHead(404).end();
    if (request.url === '/map') return answerMap(parts, request, response);
    if (request.url !== '/automation') return void response.writeHead(404).end();
    const given = Buffer.from(request.headers.authorization ?? '');
    const known = given.length === wanted.length && timingSafeEqual(given, wanted);
    if (parts.internalSecret === '' || !known) return void response.writeHead(401).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(parts.automation.status()));
  };
}

function answerMap({ publisher }: ControlParts, request: IncomingMessage, response: ServerResponse): void {
  const map = publisher.published;
  if (map === null) return void response.writeHead(503, { 'retry-after': '1' }).end();
  if (request.headers['if-none-match'] === map.etag) return void response.writeHead(304, { etag: map.etag }).end();
  response.writeHead(200, { 'content-type': 'application/json', etag: map.etag }).end(map.body);
}
