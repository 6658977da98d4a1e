/** What the fake CloudFormation remembers of a stack, and what a test may tell it to do to one. */
import type { XmlValue } from './query-protocol.ts';

export class QueryError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface ResourceFailure {
  readonly stack: string;
  /** Type of the resource that fails, such as `AWS::Lambda::Function`. */
  readonly type: string;
  readonly reason: string;
  /** The roll-back of an update fails as well: `UPDATE_ROLLBACK_FAILED`. */
  readonly rollbackFails?: boolean;
}

export type Template = { readonly Resources?: Readonly<Record<string, { readonly Type: string }>> };

export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly template: Template;
  readonly tags: XmlValue;
  readonly status: 'CREATE_COMPLETE' | 'FAILED';
  readonly reason?: string;
  readonly createdAt: string;
}

export interface Ending {
  /** Looks at the stack until it is over. */
  looks: number;
  readonly status: string;
  readonly apply: () => void;
}

export interface FakeStack {
  readonly id: string;
  readonly name: string;
  status: string;
  template: Template;
  tags: XmlValue;
  changeSet: ChangeSet | null;
  ending: Ending | null;
  readonly events: XmlValue[];
}

export interface CloudFormationWorld {
  readonly region: string;
  readonly account: string;
  /** What was uploaded to the URL; `null`: nothing. */
  readonly object: (url: string) => string | null;
}
