/** AWS's query protocol in both directions: form fields in, XML out. Enough of it for CloudFormation, STS and IAM. */

export type Fields = ReadonlyMap<string, string>;
/** A list becomes `<member>` elements, as all query APIs write it. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

export function readForm(body: string): Fields {
  return new Map(new URLSearchParams(body));
}

/** `Tags.member.1.Key`, `Tags.member.1.Value`, … → one record for each number. */
export function membersOf(fields: Fields, name: string): readonly Readonly<Record<string, string>>[] {
  const members: Record<string, string>[] = [];
  for (const [key, value] of fields) {
    const match = new RegExp(`^${name}\\.member\\.(\\d+)\\.(\\w+)$`).exec(key);
    if (!match) continue;
    const index = Number(match[1]) - 1;
    members[index] = { ...members[index], [match[2] ?? '']: value };
  }
  return members.filter(Boolean);
}

export function answerXml(action: string, result: XmlValue): string {
  const name = `${action}Response`;
  return `<${name}><${action}Result>${xml(result)}</${action}Result>${REQUEST_ID}</${name}>`;
}

export function errorXml({ code, message }: { readonly code: string; readonly message: string }): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error>${REQUEST_ID}</ErrorResponse>`;
}

export function xml(value: XmlValue): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map((each) => `<member>${xml(each)}</member>`).join('');
  if (typeof value !== 'object') return escaped(String(value));
  return Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .map(([name, each]) => `<${name}>${xml(each)}</${name}>`)
    .join('');
}

const REQUEST_ID = '<ResponseMetadata><RequestId>fake</RequestId></ResponseMetadata>';

function isList(value: XmlValue): value is readonly XmlValue[] {
  return Array.isArray(value);
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
