/**
 * A Function URL asks for two permissions, InvokeFunctionUrl and InvokeFunction through the URL; with one of them every call is
 * refused. So each URL has a caller with both, and each caller both for the same functions.
 */
import { listOf, objectOf, written } from '../intrinsics.ts';
import { type Finding, resourcesOf, type Template, type Templates } from '../templates.ts';

interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly viaUrl: boolean;
}

export function checkUrlCallers(templates: Templates): readonly Finding[] {
  const roles = [...templates].flatMap(([stack, template]) =>
    resourcesOf(template, 'AWS::IAM::Role').map(([id, { Policies }]) => ({
      at: `${stack}/${id}`,
      statements: statementsOf(template, Policies),
    })),
  );
  return [
    ...roles.flatMap(({ at, statements }) => half(statements).map((arn) => `${at}: may call ${arn} by half only`)),
    ...[...templates].flatMap(([stack, template]) =>
      urlsOf(template).flatMap(({ name, id, authType }) => {
        if (authType === 'NONE') return publicly(template, id).map((problem) => `${stack}: ${name} ${problem}`);
        const region = /[a-z]{2}-[a-z]+-\d$/.exec(stack)?.[0] ?? '';
        const arn = `arn:aws:lambda:${region}:<account>:function:${name}:live`;
        const called = roles.some(({ statements }) => may(statements, arn));
        return called ? [] : [`${stack}: nobody may call the URL of ${name}`];
      }),
    ),
  ];
}

export function statementsOf(template: Template, policies: unknown): readonly Statement[] {
  return listOf(policies ?? [])
    .flatMap((policy) => listOf(objectOf(objectOf(policy).PolicyDocument).Statement ?? []))
    .map(objectOf)
    .map(({ Action, Resource, Condition }) => ({
      actions: listOf(Action).map(String),
      resources: listOf(Resource).map((resource) => written(template, resource)),
      viaUrl: objectOf(objectOf(Condition).Bool)['lambda:InvokedViaFunctionUrl'] === 'true',
    }));
}

const granted = (statements: readonly Statement[], action: string) =>
  statements.filter(({ actions }) => actions.includes(action));

/** Resources that have one permission of the two. */
function half(statements: readonly Statement[]): readonly string[] {
  const byUrl = granted(statements, 'lambda:InvokeFunctionUrl').flatMap(({ resources }) => resources);
  const through = granted(statements, 'lambda:InvokeFunction')
    .filter(({ viaUrl }) => viaUrl)
    .flatMap(({ resources }) => resources);
  return [...byUrl.filter((arn) => !through.includes(arn)), ...through.filter((arn) => !byUrl.includes(arn))];
}

function may(statements: readonly Statement[], arn: string): boolean {
  return granted(statements, 'lambda:InvokeFunctionUrl').some(({ resources }) =>
    resources.some((pattern) => matches(pattern, arn)),
  );
}

export function matches(pattern: string, arn: string): boolean {
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}$`).test(arn);
}

function urlsOf(template: Template) {
  return resourcesOf(template, 'AWS::Lambda::Url').map(([, { TargetFunctionArn, AuthType }]) => {
    const id = /^<(\w+)\.Arn>$/.exec(written(template, TargetFunctionArn))?.[1] ?? '';
    return { id, name: String(template.Resources[id]?.Properties?.FunctionName), authType: String(AuthType) };
  });
}

/** Whoever has no account gets in by permissions on the function itself. */
function publicly(template: Template, id: string): readonly string[] {
  const permissions = resourcesOf(template, 'AWS::Lambda::Permission')
    .map(([, permission]) => permission)
    .filter(({ Principal, FunctionName }) => Principal === '*' && aliasOf(template, FunctionName) === id);
  const url = permissions.some((it) => it.Action === 'lambda:InvokeFunctionUrl' && it.FunctionUrlAuthType === 'NONE');
  const through = permissions.some((it) => it.Action === 'lambda:InvokeFunction' && it.InvokedViaFunctionUrl === true);
  return [
    ...(url ? [] : ['may not be called by URL']),
    ...(through ? [] : ['may be called by URL, and not run']),
    ...(permissions.length > 2 ? ['has more public permissions than two'] : []),
  ];
}

/** The function of the alias that a permission is on. */
function aliasOf(template: Template, value: unknown): string {
  const alias = /^<(\w+)(\.\w+)?>$/.exec(written(template, value))?.[1] ?? '';
  const { FunctionName } = objectOf(template.Resources[alias]?.Properties);
  return String(objectOf(FunctionName).Ref ?? '');
}
