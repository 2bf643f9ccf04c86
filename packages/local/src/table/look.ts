/** Reading of objects of any shape: what is not of the expected kind is empty, never an error. */
export type Fields = Record<string, unknown>;

export function fields(value: unknown, ...path: string[]): Fields {
  const found = at(value, ...path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Fields) : {};
}

export function at(value: unknown, ...path: string[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Fields)[key];
  }
  return current;
}

/** Text of a string or number, '' for everything else. */
export function text(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}

export function integer(value: unknown, ...path: string[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
}

export function list(value: unknown, ...path: string[]): unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as unknown[]) : [];
}

export function joined(values: unknown[], none = '<none>'): string {
  return values.length === 0 ? none : values.map(String).join(',');
}

/** `a=b,c=d`, sorted by key. */
export function labelsText(labels: unknown): string {
  return joined(
    Object.entries(fields(labels))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}=${text(value)}`),
  );
}

/** A LabelSelector in the notation of the command line. */
export function selectorText(selector: unknown): string {
  const equal = Object.entries(fields(selector, 'matchLabels')).map(([k, v]) => `${k}=${text(v)}`);
  const expressions = list(selector, 'matchExpressions').map((expression) => {
    const key = text(expression, 'key');
    const values = `(${list(expression, 'values').map(String).sort().join(',')})`;
    const operator = text(expression, 'operator');
    if (operator === 'Exists') return key;
    return operator === 'DoesNotExist' ? `!${key}` : `${key} ${operator.toLowerCase()} ${values}`;
  });
  return joined([...equal, ...expressions].sort());
}
