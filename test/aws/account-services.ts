/** What an account has beside stacks, by region: identity, parameters, tables, functions, log groups, quotas, ringing alarms. */
import { ACCOUNT, type Answer, type Request } from './aws-request.ts';
import { answerXml, readForm } from './query-protocol.ts';

export class AccountServices {
  /** Keys are `<region> <name>`. */
  readonly parameters = new Map<string, string>();
  readonly tables = new Set<string>();
  readonly functions = new Set<string>();
  readonly logGroups = new Set<string>();
  /** Those in ALARM. */
  readonly alarms = new Set<string>();
  /** Regions that the account has not switched on. */
  readonly regionsOff = new Set<string>();
  concurrency = { limit: 1_000, unreserved: 1_000 };
  roles = { used: 20, quota: 1_000 };

  answer(request: Request): Answer | null {
    switch (request.service) {
      case 'sts':
        return this.#identity(request);
      case 'ssm':
        return this.#parameter(request);
      case 'dynamodb':
        return json({ TableNames: namesIn(this.tables, request.region) });
      case 'lambda':
        return this.#lambda(request);
      case 'monitoring':
        return this.#alarms(request);
      case 'logs':
        return json({ logGroups: namesIn(this.logGroups, request.region).map((logGroupName) => ({ logGroupName })) });
      case 'iam':
        return {
          status: 200,
          body: answerXml('GetAccountSummary', { SummaryMap: undefined }).replace(
            '</GetAccountSummaryResult>',
            `<SummaryMap>${entry('Roles', this.roles.used)}${entry('RolesQuota', this.roles.quota)}</SummaryMap></GetAccountSummaryResult>`,
          ),
        };
      default:
        return null;
    }
  }

  #identity({ action, region, body }: Request): Answer | null {
    if (this.regionsOff.has(region)) {
      const message = 'The security token included in the request is invalid';
      return {
        status: 403,
        body: `<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>${message}</Message></Error></ErrorResponse>`,
      };
    }
    if (action === 'GetCallerIdentity') {
      return xmlAnswer(action, { Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:user/tester`, UserId: 'AIDAFAKE' });
    }
    if (action !== 'AssumeRole') return null;
    const Credentials = {
      AccessKeyId: 'ASIAFAKE',
      SecretAccessKey: 'fake',
      SessionToken: 'fake',
      Expiration: '2099-01-01T00:00:00Z',
    };
    const Arn = readForm(body).get('RoleArn');
    return xmlAnswer(action, { Credentials, AssumedRoleUser: { Arn, AssumedRoleId: 'AROAFAKE:test' } });
  }

  #parameter({ action, region, body }: Request): Answer | null {
    if (action !== 'GetParameter') return null;
    const { Name } = JSON.parse(body) as { Name: string };
    const Value = this.parameters.get(`${region} ${Name}`);
    if (Value !== undefined) return json({ Parameter: { Name, Value, Type: 'String' } });
    return { status: 400, body: JSON.stringify({ __type: 'ParameterNotFound', message: Name }) };
  }

  #alarms({ action, region, body }: Request): Answer | null {
    const { AlarmNamePrefix = '', StateValue } = JSON.parse(body) as { AlarmNamePrefix?: string; StateValue?: string };
    if (action !== 'DescribeAlarms' || StateValue !== 'ALARM') return null;
    const ringing = namesIn(this.alarms, region).filter((name) => name.startsWith(AlarmNamePrefix));
    return json({ MetricAlarms: ringing.map((AlarmName) => ({ AlarmName, StateValue })) });
  }

  #lambda({ path, region }: Request): Answer | null {
    if (path.endsWith('/account-settings/') || path.endsWith('/account-settings')) {
      const { limit, unreserved } = this.concurrency;
      return json({ AccountLimit: { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: unreserved } });
    }
    return json({ Functions: namesIn(this.functions, region).map((FunctionName) => ({ FunctionName })) });
  }
}

const json = (value: unknown): Answer => ({ status: 200, body: JSON.stringify(value) });
const xmlAnswer = (action: string, value: Parameters<typeof answerXml>[1]): Answer => ({
  status: 200,
  body: answerXml(action, value),
});
const entry = (key: string, value: number) => `<entry><key>${key}</key><value>${value}</value></entry>`;

function namesIn(all: ReadonlySet<string>, region: string): readonly string[] {
  return [...all].filter((name) => name.startsWith(`${region} `)).map((name) => name.slice(region.length + 1));
}
