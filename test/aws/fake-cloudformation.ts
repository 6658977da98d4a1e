/**
 * CloudFormation of one region as a deployment sees it: stacks, change sets, events, roll-backs. An operation ends at once,
 * or after as many looks as a test says, so that no test waits for time. What it does not do: it makes no resource, resolves
 * no intrinsic function and checks no property; a template is a list of names to it.
 */
import {
  type CloudFormationWorld,
  type Ending,
  type FakeStack,
  QueryError,
  type ResourceFailure,
  type Template,
} from './fake-stack.ts';
import { type Fields, membersOf, type XmlValue } from './query-protocol.ts';

/** As many stacks as one page of the real API has. */
const PAGE = 100;

export class FakeCloudFormation {
  readonly stacks = new Map<string, FakeStack>();
  readonly failures: ResourceFailure[] = [];
  /** Stacks whose operations take this many looks. */
  readonly slow = new Map<string, number>();
  /** Stacks that can't be deleted, with the reason. */
  readonly undeletable = new Map<string, string>();
  /** Names in the order in which operations began: `create holdfast-global`. */
  readonly operations: string[] = [];
  readonly #world: CloudFormationWorld;
  #serial = 0;
  readonly #executed = new Set<string>();

  constructor(world: CloudFormationWorld) {
    this.#world = world;
  }

  /** Throws `QueryError`; `null` for an action that nobody taught it. */
  answer(action: string, fields: Fields): XmlValue | null {
    switch (action) {
      case 'DescribeStacks':
        return this.#describeStacks(fields);
      case 'GetTemplate':
        return { TemplateBody: JSON.stringify(this.#existing(fields).template) };
      case 'CreateChangeSet':
        return this.#createChangeSet(fields);
      case 'DescribeChangeSet':
        return this.#describeChangeSet(fields);
      case 'ExecuteChangeSet':
        return this.#execute(fields);
      case 'DeleteChangeSet':
        return this.#deleteChangeSet(fields);
      case 'DescribeStackEvents':
        return { StackEvents: [...this.#existing(fields).events].reverse() };
      case 'DescribeStackResources':
        return { StackResources: [] };
      case 'DescribeEvents':
        return { OperationEvents: [] };
      case 'ListChangeSets':
        return { Summaries: [] };
      case 'DeleteStack':
        return this.#delete(fields);
      case 'ContinueUpdateRollback':
      case 'RollbackStack':
        return this.#rollBack(fields);
      default:
        return null;
    }
  }

  /** Puts a stack there as if somebody had deployed it. */
  plant(
    name: string,
    how: { readonly status: string; readonly tags?: XmlValue; readonly outputs?: XmlValue },
  ): FakeStack {
    const stack = this.#fresh(name, { status: how.status, tags: how.tags ?? [] });
    if (how.outputs) this.#outputs.set(name, how.outputs);
    return stack;
  }

  readonly #outputs = new Map<string, XmlValue>();

  #fresh(name: string, { status, tags }: { readonly status: string; readonly tags: XmlValue }): FakeStack {
    const { region, account } = this.#world;
    const id = `arn:aws:cloudformation:${region}:${account}:stack/${name}/${++this.#serial}`;
    const stack: FakeStack = { id, name, status, template: {}, tags, changeSet: null, ending: null, events: [] };
    this.stacks.set(name, stack);
    return stack;
  }

  #describeStacks(fields: Fields): XmlValue {
    const named = fields.get('StackName');
    if (named === undefined) {
      const all = [...this.stacks.values()].filter((stack) => stack.status !== 'DELETE_COMPLETE');
      const from = Number(fields.get('NextToken') ?? 0);
      const next = from + PAGE < all.length ? String(from + PAGE) : undefined;
      return { Stacks: all.slice(from, from + PAGE).map((stack) => this.#described(stack)), NextToken: next };
    }
    const stack = this.#existing(fields, { deletedToo: named.startsWith('arn:') });
    this.#step(stack);
    return { Stacks: [this.#described(stack)] };
  }

  #described(stack: FakeStack): XmlValue {
    return {
      StackId: stack.id,
      StackName: stack.name,
      StackStatus: stack.status,
      CreationTime: '2026-01-01T00:00:00Z',
      Tags: stack.tags,
      Outputs: this.#outputs.get(stack.name) ?? [],
      Parameters: [],
      NotificationARNs: [],
      EnableTerminationProtection: false,
      DisableRollback: false,
    };
  }

  /** One look brings an operation nearer to its end. */
  #step(stack: FakeStack): void {
    if (!stack.ending || stack.ending.looks-- > 0) return;
    const { status, apply } = stack.ending;
    stack.ending = null;
    stack.status = status;
    apply();
    this.#event(stack, { id: stack.name, type: 'AWS::CloudFormation::Stack', status });
  }

  #createChangeSet(fields: Fields): XmlValue {
    const name = fields.get('StackName') ?? '';
    const template = this.#template(fields);
    const tags = membersOf(fields, 'Tags') as XmlValue;
    const present = this.stacks.get(name);
    const creating = fields.get('ChangeSetType') === 'CREATE';
    if (present?.ending)
      throw new QueryError(
        'ValidationError',
        `Stack:${present.id} is in ${present.status} state and can not be updated.`,
      );
    const fresh = creating && present?.status !== 'REVIEW_IN_PROGRESS';
    if (fresh && present && present.status !== 'DELETE_COMPLETE')
      throw new QueryError('AlreadyExistsException', `Stack [${name}] already exists`);
    const stack = fresh ? this.#fresh(name, { status: 'REVIEW_IN_PROGRESS', tags }) : this.#existing(fields);
    const same = !creating && JSON.stringify([template, tags]) === JSON.stringify([stack.template, stack.tags]);
    const changeSetName = fields.get('ChangeSetName') ?? '';
    stack.changeSet = {
      id: stack.id.replace(':stack/', ':changeSet/').replace(`/${name}/`, `/${changeSetName}/`),
      name: changeSetName,
      template,
      tags,
      status: same ? 'FAILED' : 'CREATE_COMPLETE',
      ...(same ? { reason: "The submitted information didn't contain changes." } : {}),
      createdAt: new Date().toISOString(),
    };
    return { Id: stack.changeSet.id, StackId: stack.id };
  }

  #template(fields: Fields): Template {
    const url = fields.get('TemplateURL');
    const text = fields.get('TemplateBody') ?? (url ? this.#world.object(url) : null);
    if (text === null)
      throw new QueryError('ValidationError', `S3 error: Access Denied: nothing was uploaded to ${url}`);
    return JSON.parse(text) as Template;
  }

  #describeChangeSet(fields: Fields): XmlValue {
    const stack = this.#existing(fields);
    const { changeSet } = stack;
    if (!changeSet)
      throw new QueryError('ChangeSetNotFound', `ChangeSet [${fields.get('ChangeSetName')}] does not exist`);
    return {
      ChangeSetName: changeSet.name,
      ChangeSetId: changeSet.id,
      StackId: stack.id,
      StackName: stack.name,
      CreationTime: changeSet.createdAt,
      Status: changeSet.status,
      StatusReason: changeSet.reason,
      ExecutionStatus: changeSet.status === 'FAILED' ? 'UNAVAILABLE' : 'AVAILABLE',
      Changes: Object.entries(changeSet.template.Resources ?? {}).map(([id, { Type }]) => ({
        Type: 'Resource',
        ResourceChange: { Action: 'Add', LogicalResourceId: id, ResourceType: Type },
      })),
    };
  }

  #deleteChangeSet(fields: Fields): XmlValue {
    const stack = this.#existing(fields);
    stack.changeSet = null;
    return {};
  }

  #execute(fields: Fields): XmlValue {
    const stack = this.#existing(fields);
    // Told twice with the same token, CloudFormation does it once.
    const token = fields.get('ClientRequestToken') ?? '';
    if (this.#executed.has(token)) return {};
    this.#executed.add(token);
    const { changeSet } = stack;
    if (!changeSet) throw new QueryError('ChangeSetNotFound', 'ChangeSet does not exist');
    const creating = stack.status === 'REVIEW_IN_PROGRESS';
    this.operations.push(`${creating ? 'create' : 'update'} ${stack.name}`);
    stack.changeSet = null;
    const resources = Object.entries(changeSet.template.Resources ?? {});
    const failure = this.failures.find(
      (each) => each.stack === stack.name && resources.some(([, { Type }]) => Type === each.type),
    );
    const verb = creating ? 'CREATE' : 'UPDATE';
    stack.status = `${verb}_IN_PROGRESS`;
    this.#event(stack, {
      id: stack.name,
      type: 'AWS::CloudFormation::Stack',
      status: stack.status,
      reason: 'User Initiated',
    });
    for (const [id, { Type }] of resources) {
      const failed = failure?.type === Type;
      this.#event(stack, {
        id,
        type: Type,
        status: failed ? `${verb}_FAILED` : `${verb}_COMPLETE`,
        ...(failed ? { reason: failure.reason } : {}),
      });
      if (failed) break;
    }
    const failedStatus = creating
      ? 'ROLLBACK_COMPLETE'
      : failure?.rollbackFails
        ? 'UPDATE_ROLLBACK_FAILED'
        : 'UPDATE_ROLLBACK_COMPLETE';
    this.#begin(stack, {
      status: failure ? failedStatus : `${verb}_COMPLETE`,
      apply: () => {
        if (!failure) Object.assign(stack, { template: changeSet.template, tags: changeSet.tags });
      },
    });
    return {};
  }

  #rollBack(fields: Fields): XmlValue {
    const stack = this.#existing(fields);
    this.operations.push(`rollback ${stack.name}`);
    stack.status = 'UPDATE_ROLLBACK_IN_PROGRESS';
    this.#event(stack, {
      id: stack.name,
      type: 'AWS::CloudFormation::Stack',
      status: stack.status,
      reason: 'User Initiated',
    });
    this.#begin(stack, { status: 'UPDATE_ROLLBACK_COMPLETE', apply: () => undefined });
    return {};
  }

  #delete(fields: Fields): XmlValue {
    const stack =
      this.stacks.get(fields.get('StackName') ?? '') ??
      [...this.stacks.values()].find(({ id }) => id === fields.get('StackName'));
    // As the real one: deleting what is not there is no error.
    if (!stack || stack.status === 'DELETE_COMPLETE') return {};
    const reason = this.undeletable.get(stack.name);
    this.operations.push(`delete ${stack.name}`);
    stack.status = 'DELETE_IN_PROGRESS';
    this.#event(stack, {
      id: stack.name,
      type: 'AWS::CloudFormation::Stack',
      status: stack.status,
      reason: 'User Initiated',
    });
    if (reason) this.#event(stack, { id: 'Kept', type: 'AWS::S3::Bucket', status: 'DELETE_FAILED', reason });
    this.#begin(stack, { status: reason ? 'DELETE_FAILED' : 'DELETE_COMPLETE', apply: () => undefined });
    return {};
  }

  #begin(stack: FakeStack, ending: Omit<Ending, 'looks'>): void {
    stack.ending = { ...ending, looks: this.slow.get(stack.name) ?? 0 };
  }

  #existing(fields: Fields, { deletedToo = false } = {}): FakeStack {
    const named = fields.get('StackName') ?? fields.get('ChangeSetName') ?? '';
    const stack = this.stacks.get(named) ?? [...this.stacks.values()].find(({ id }) => id === named);
    if (stack && (deletedToo || stack.status !== 'DELETE_COMPLETE')) return stack;
    throw new QueryError('ValidationError', `Stack with id ${named} does not exist`);
  }

  #event(
    stack: FakeStack,
    event: { readonly id: string; readonly type: string; readonly status: string; readonly reason?: string },
  ): void {
    stack.events.push({
      EventId: `${stack.name}-${stack.events.length}`,
      StackId: stack.id,
      StackName: stack.name,
      LogicalResourceId: event.id,
      PhysicalResourceId: event.id === stack.name ? stack.id : `${stack.name}-${event.id}`,
      ResourceType: event.type,
      ResourceStatus: event.status,
      ResourceStatusReason: event.reason,
      Timestamp: new Date().toISOString(),
    });
  }
}
