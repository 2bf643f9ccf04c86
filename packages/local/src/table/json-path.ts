/** One step: a member, an index, everything, or the items whose member has a value. */
type Step =
  | { kind: 'member'; name: string }
  | { kind: 'index'; index: number }
  | { kind: 'all' }
  | { kind: 'filter'; path: string[]; equal: boolean; value: string | number | boolean };

/** `.member` (dots escaped by a backslash), `['member']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`. */
const stepPattern =
  /\.((?:\\.|[^.[\]\\])+)|\[(-?\d+)\]|\[\*\]|\[['"]([^'"]+)['"]\]|\[\?\(\s*@\.([\w.-]+)\s*(==|!=)\s*("[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|true|false)\s*\)\]/y;

/** Steps of a JSONPath as printer columns use it; undefined when it is none of the supported notations. */
export function parseJsonPath(path: string): Step[] | undefined {
  const source = path.replace(/^\$/, '').replace(/^\{(.*)\}$/, '$1');
  const steps: Step[] = [];
  stepPattern.lastIndex = 0;
  for (let at = 0; at < source.length; at = stepPattern.lastIndex) {
    stepPattern.lastIndex = at;
    const match = stepPattern.exec(source);
    if (!match) return undefined;
    const [, member, index, quoted, filter, operator, literal] = match;
    const name = member?.replaceAll(/\\(.)/g, '$1') ?? quoted;
    if (name === '*') steps.push({ kind: 'all' });
    else if (name !== undefined) steps.push({ kind: 'member', name });
    else if (index !== undefined) steps.push({ kind: 'index', index: Number(index) });
    else if (filter !== undefined && literal !== undefined) {
      const value = JSON.parse(literal.replace(/^'(.*)'$/, '"$1"')) as string | number | boolean;
      steps.push({ kind: 'filter', path: filter.split('.'), equal: operator === '==', value });
    } else steps.push({ kind: 'all' });
  }
  return steps;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** Everything that the steps lead to; empty when there is nothing. */
export function evaluateJsonPath(steps: readonly Step[], value: unknown): unknown[] {
  let found: unknown[] = [value];
  for (const step of steps) {
    found = found
      .flatMap((v): unknown[] => {
        if (step.kind === 'member') return [member(v, step.name)];
        if (step.kind === 'index') return Array.isArray(v) ? [v.at(step.index)] : [];
        if (step.kind === 'all') return typeof v === 'object' && v !== null ? Object.values(v) : [];
        if (!Array.isArray(v)) return [];
        return v.filter((item) => (step.path.reduce(member, item) === step.value) === step.equal);
      })
      .filter((v) => v !== undefined);
  }
  return found;
}
