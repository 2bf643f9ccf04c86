/**
 * Paths of members that occur twice in one object of a JSON text (`spec.replicas`, `spec.ports[0].name`), which
 * `JSON.parse` swallows. The text has been parsed before: it is valid.
 */
export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  const stack: Scope[] = [];
  let position = 0;
  let pending: string | undefined;
  while (position < text.length) {
    const c = text[position];
    const scope = stack.at(-1);
    if (c === '"') {
      const end = endOfString(text, position);
      if (scope?.keys && pending === undefined) {
        const key = JSON.parse(text.slice(position, end)) as string;
        const path = scope.path === '' ? key : `${scope.path}.${key}`;
        if (scope.keys.has(key)) found.push(path);
        scope.keys.add(key);
        pending = path;
      }
      position = end;
      continue;
    }
    if (c === '{' || c === '[') {
      const path = scope?.keys ? (pending ?? '') : scope ? `${scope.path}[${scope.index}]` : '';
      stack.push(c === '{' ? { path, keys: new Set(), index: 0 } : { path, index: 0 });
      pending = undefined;
    } else if (c === '}' || c === ']') {
      stack.pop();
      pending = stack.at(-1)?.keys ? '' : undefined;
    } else if (c === ',' && scope) {
      if (scope.keys) pending = undefined;
      else scope.index++;
    }
    position++;
  }
  return found;
}

interface Scope {
  path: string;
  /** Present in objects, absent in lists. */
  keys?: Set<string>;
  index: number;
}

function endOfString(text: string, start: number): number {
  let position = start + 1;
  while (position < text.length) {
    if (text[position] === '\\') position += 2;
    else if (text[position] === '"') return position + 1;
    else position++;
  }
  return position;
}
