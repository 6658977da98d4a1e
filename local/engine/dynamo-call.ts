/** One bare call of the DynamoDB API, signed in the right form but with a key that nobody checks: enough to look at an engine. */
import { request } from 'node:http';

/** An engine on this machine answers in a millisecond; one that takes this long is not ready yet. */
const ANSWER_MS_MAX = 1_000;
const BODY_LENGTH_MAX = 65_536;

export interface DynamoCall {
  readonly host: string;
  readonly port: number;
  readonly region: string;
  readonly operation: 'ListTables' | 'CreateTable' | 'DeleteTable';
  readonly input: unknown;
}

/** `null`: no answer in time, or none at all. */
export function callDynamo(call: DynamoCall): Promise<{ readonly status: number; readonly body: string } | null> {
  const { host, port, region, operation, input } = call;
  const sent = JSON.stringify(input);
  return new Promise((resolve) => {
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': Buffer.byteLength(sent),
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20200101T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=holdfast/20200101/${region}/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=${'0'.repeat(64)}`,
    };
    const asked = request({ host, port, method: 'POST', path: '/', agent: false, timeout: ANSWER_MS_MAX, headers });
    asked.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        if (body.length < BODY_LENGTH_MAX) body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', () => resolve(null));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(null));
    asked.end(sent);
  });
}

/** Whether a DynamoDB engine answers there. */
export async function answersDynamo(at: { readonly host: string; readonly port: number }): Promise<boolean> {
  const answer = await callDynamo({ ...at, region: 'us-east-1', operation: 'ListTables', input: {} });
  return answer?.status === 200 && answer.body.includes('"TableNames"');
}
