/**
 * Time and chance are arguments. A call that takes them from the machine makes code that no fake clock drives and no seed
 * repeats, so it stands only where the machine is meant.
 */
import { isNode, type SourceFile, type SyntaxNode, type Violation, walk } from './source-file.ts';

const BANNED: ReadonlyMap<string, string> = new Map([
  ['Date.now', 'clock.wallMs()'],
  ['performance.now', 'clock.monotonicMs()'],
  ['Math.random', 'rng.next()'],
  ['setTimeout', 'clock.sleep()'],
  ['setInterval', 'a loop with clock.sleep()'],
  ['AbortSignal.timeout', 'Deadline.run()'],
]);

/** Where the machine's own time or chance is meant, and why. */
const ALLOWED: readonly { readonly place: RegExp; readonly because: string }[] = [
  { place: /^core\/clock\.ts$/, because: 'it is the clock' },
  { place: /^core\/rng\.ts$/, because: 'it is the source of chance' },
  { place: /(^|\/)main\.ts$/, because: 'a composition root hands out the real clock' },
  { place: /^local\//, because: 'real processes, sockets and proxies: what they wait for is the machine' },
  { place: /^router\/node\//, because: 'the host of real sockets' },
  { place: /^drills\/nemesis\//, because: 'faults of real processes last real time' },
  { place: /^cli\//, because: 'a spinner and a poll that a person watches' },
  { place: /^(bench|test)\//, because: 'it measures, or it waits for real processes' },
];

export function checkTimeAndChance(file: SourceFile): readonly Violation[] {
  if (ALLOWED.some(({ place }) => place.test(file.path))) return [];
  const violations: Violation[] = [];
  const report = (node: SyntaxNode, name: string) => {
    const instead = BANNED.get(name) ?? 'an argument';
    const message = `uses ${name}; use ${instead}`;
    violations.push({ path: file.path, line: file.lineOf(node), rule: 'time-and-chance', message });
  };
  walk(file.tree, (node) => {
    if (node.type === 'MemberExpression' && BANNED.has(dotted(node))) report(node, dotted(node));
    if (node.type === 'CallExpression' && isNode(node.callee) && BANNED.has(String(node.callee.value))) {
      report(node, String(node.callee.value));
    }
    if (
      node.type === 'NewExpression' &&
      isNode(node.callee) &&
      node.callee.value === 'Date' &&
      isEmpty(node.arguments)
    ) {
      report(node, 'new Date()');
    }
  });
  return violations;
}

function dotted(node: SyntaxNode): string {
  const [object, property] = [node.object as SyntaxNode, node.property as SyntaxNode];
  return `${String(object.value)}.${String(property.value)}`;
}

function isEmpty(list: unknown): boolean {
  return !Array.isArray(list) || list.length === 0;
}
