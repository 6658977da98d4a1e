/** Asks a port whether a DynamoDB engine answers there: a ListTables with a signature of the right form that nobody checks. */
import { request } from 'node:http';

/** An engine on this machine answers in a millisecond; one that takes this long is not ready yet. */
const ANSWER_MS_MAX = 1_000;
const AUTHORIZATION = `AWS4-HMAC-SHA256 Credential=holdfast/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date;x-amz-target, Signature=${'0'.repeat(64)}`;
const BODY_LENGTH_MAX = 65_536;

export function answersDynamo(at: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      {
        ...at,
        method: 'POST',
        path: '/',
        agent: false,
        timeout: ANSWER_MS_MAX,
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'DynamoDB_20120810.ListTables',
          'x-amz-date': '20200101T000000Z',
          authorization: AUTHORIZATION,
          'content-length': 2,
        },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          if (body.length < BODY_LENGTH_MAX) body += text;
        });
        response.on('end', () => resolve(response.statusCode === 200 && body.includes('"TableNames"')));
        response.on('error', () => resolve(false));
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end('{}');
  });
}
