/**
 * Findings of cdk-nag's AwsSolutions pack that we know and accept: by exact id, for one construct, with the reason. They stand in
 * the code beside what they are about; a test refuses a finding without a reason, and a reason without a finding.
 */
import { Stack, Token, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

export function accept(scope: IConstruct, { finding, because }: { finding: string; because: string }): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions-${finding}`, reason: because });
}

/** `resource`: an ARN with a wildcard, as a statement of the scope's role names it. */
export function acceptWildcard(scope: IConstruct, { resource, because }: { resource: string; because: string }): void {
  const { account } = Stack.of(scope);
  const shown = Token.isUnresolved(account) ? resource.replaceAll(account, '<AWS::AccountId>') : resource;
  accept(scope, { finding: `IAM5[Resource::${shown}]`, because });
}
