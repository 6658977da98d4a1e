/** The order of a round: everybody in turn, beginning with another one each time, so that nobody always comes first. Pure. */

export function rotated<T>(items: readonly T[], round: number): readonly T[] {
  const at = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
