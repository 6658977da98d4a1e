/**
 * The functions of one region, as an operator calls, finds and holds them back by Lambda's API. What the SDK throws goes out as
 * it is: whoever calls knows what was at stake, and says it.
 */
import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionUrlConfigCommand,
  InvokeCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface Invoked {
  /** `null`: an answer without a body. */
  readonly body: unknown;
  /** The function threw, or was cut off. */
  readonly functionError: string | null;
}

export interface RegionFunctions {
  /** Asynchronous: resolves when Lambda has taken it. */
  ring(name: string, event: unknown, signal: AbortSignal): Promise<void>;
  /** Resolves with what it answered. */
  invoke(name: string, event: unknown, signal: AbortSignal): Promise<Invoked>;
  /** Of an alias, without the slash at its end. */
  urlOf(name: string, alias: string): Promise<string>;
  /** `null`: nothing is reserved for it. */
  reserved(name: string): Promise<number | null>;
  /** `null`: reserves nothing any more; 0: Lambda runs none of its calls. */
  reserve(name: string, count: number | null): Promise<void>;
  /** Throws what the provider chain throws when there are none. */
  credentials(): Promise<AwsCredentials>;
  close(): void;
}

/** Of one call; who repeats it knows what it does. */
const ATTEMPTS_MAX = 2;
/** A stand-in on this machine checks the form of a signature, not the signature. */
const LOCAL: AwsCredentials = { accessKeyId: 'local', secretAccessKey: 'local' };

export function regionFunctions({ region, url }: { readonly region: string; readonly url?: string }): RegionFunctions {
  const at = url === undefined ? {} : { endpoint: url, credentials: LOCAL };
  const lambda = new LambdaClient({ region, maxAttempts: ATTEMPTS_MAX, ...at });
  const invoke = (of: { name: string; event: unknown; type: 'Event' | 'RequestResponse'; signal: AbortSignal }) => {
    const Payload = Buffer.from(JSON.stringify(of.event));
    const command = new InvokeCommand({ FunctionName: of.name, InvocationType: of.type, Payload });
    return lambda.send(command, { abortSignal: of.signal });
  };
  return {
    ring: async (name, event, signal) => void (await invoke({ name, event, type: 'Event', signal })),
    invoke: async (name, event, signal) => {
      const answer = await invoke({ name, event, type: 'RequestResponse', signal });
      const text = answer.Payload ? Buffer.from(answer.Payload).toString('utf8') : '';
      return { body: text === '' ? null : JSON.parse(text), functionError: answer.FunctionError ?? null };
    },
    urlOf: async (name, alias) => {
      const answer = await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: name, Qualifier: alias }));
      return (answer.FunctionUrl ?? '').replace(/\/$/, '');
    },
    reserved: async (name) => {
      const answer = await lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: name }));
      return answer.ReservedConcurrentExecutions ?? null;
    },
    reserve: async (name, count) => {
      const of = { FunctionName: name };
      if (count === null) await lambda.send(new DeleteFunctionConcurrencyCommand(of));
      else await lambda.send(new PutFunctionConcurrencyCommand({ ...of, ReservedConcurrentExecutions: count }));
    },
    credentials: () => lambda.config.credentials(),
    close: () => lambda.destroy(),
  };
}
