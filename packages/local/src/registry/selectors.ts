import type { KubeObject } from '@pgherd/kube/objects';
import { badRequest } from './errors.ts';

type Labels = Record<string, string>;
type Requirement = (labels: Labels) => boolean;

/** Does the object match? */
export type Predicate = (object: KubeObject) => boolean;

const namePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)$/;
const valuePattern = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const subdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Is it `name` or `dns.prefix/name`, as labels, annotations and finalizers are? */
export function isQualifiedName(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash === -1) return namePattern.test(key);
  const prefix = key.slice(0, slash);
  return prefix.length <= 253 && subdomainPattern.test(prefix) && namePattern.test(key.slice(slash + 1));
}

/** May it be the value of a label? */
export function isLabelValue(value: string): boolean {
  return valuePattern.test(value);
}

/**
 * Parses Kubernetes' label selector syntax: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`,
 * `a>1`, `a<1`, joined by commas. Answers undefined when it selects everything.
 *
 * @throws ApiError 400 when it cannot be parsed.
 */
export function parseLabelSelector(selector: string | undefined): ((labels: Labels) => boolean) | undefined {
  if (selector === undefined || selector.trim() === '') return undefined;
  const requirements = splitOutsideParentheses(selector).map(parseRequirement);
  return (labels) => requirements.every((matches) => matches(labels));
}

function splitOutsideParentheses(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function parseRequirement(text: string): Requirement {
  const trimmed = text.trim();
  const fail = (why: string) => badRequest(`unable to parse requirement: ${why} in "${text}"`);
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(trimmed);
  if (set) {
    const key = checkKey(set[1] ?? '', fail);
    const values = new Set((set[3] ?? '').split(',').map((v) => checkValue(v.trim(), fail)));
    if (set[2] === 'in') return (labels) => key in labels && values.has(labels[key] ?? '');
    return (labels) => !(key in labels) || !values.has(labels[key] ?? '');
  }
  const compare = /^([^=!<>\s]+)\s*(==|=|!=|<|>)\s*([^=!<>\s]*)$/.exec(trimmed);
  if (compare) {
    const key = checkKey(compare[1] ?? '', fail);
    const value = checkValue(compare[3] ?? '', fail);
    if (compare[2] === '!=') return (labels) => labels[key] !== value;
    if (compare[2] === '<' || compare[2] === '>') {
      if (!/^-?\d+$/.test(value)) throw fail(`for 'Gt', 'Lt' operators, the value must be an integer`);
      const limit = Number(value);
      const less = compare[2] === '<';
      return (labels) => {
        const text = labels[key];
        if (text === undefined || !/^-?\d+$/.test(text)) return false;
        return less ? Number(text) < limit : Number(text) > limit;
      };
    }
    return (labels) => labels[key] === value;
  }
  if (trimmed.startsWith('!')) {
    const key = checkKey(trimmed.slice(1).trim(), fail);
    return (labels) => !(key in labels);
  }
  const key = checkKey(trimmed, fail);
  return (labels) => key in labels;
}

function checkKey(key: string, fail: (why: string) => Error): string {
  if (!isQualifiedName(key)) throw fail(`found '${key}', expected a label key`);
  return key;
}

function checkValue(value: string, fail: (why: string) => Error): string {
  if (!isLabelValue(value)) throw fail(`'${value}' is not a label value`);
  return value;
}

/**
 * Parses a field selector (`a=b`, `a==b`, `a!=b`, joined by commas; `\\` escapes `,`, `=` and `\\`).
 *
 * @param fields answers the selectable fields of an object; its keys for an empty object say which exist.
 * @throws ApiError 400 for a field that cannot be selected by.
 */
export function parseFieldSelector(
  selector: string | undefined,
  fields: (object: KubeObject) => Record<string, string>,
): Predicate | undefined {
  if (selector === undefined || selector.trim() === '') return undefined;
  const known = fields({ metadata: {} });
  const requirements = selector
    .split(/(?<!\\),/)
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^((?:\\.|[^\\=!])+?)(==|!=|=)((?:\\.|[^\\=])*)$/.exec(part.trim());
      if (!match) {
        throw badRequest(`invalid field selector: "${selector}"; can't understand '${part}'`);
      }
      const field = match[1] ?? '';
      if (!(field in known)) throw badRequest(`field label not supported: ${field}`);
      return { field, equal: match[2] !== '!=', value: (match[3] ?? '').replaceAll(/\\(.)/g, '$1') };
    });
  return (object) => {
    const actual = fields(object);
    return requirements.every((r) => (actual[r.field] === r.value) === r.equal);
  };
}

/** Both selectors as one predicate; undefined when everything matches. */
export function parseSelectors(
  options: { labelSelector?: string; fieldSelector?: string },
  fields: (object: KubeObject) => Record<string, string>,
): Predicate | undefined {
  const labels = parseLabelSelector(options.labelSelector);
  const byField = parseFieldSelector(options.fieldSelector, fields);
  if (!labels) return byField;
  const byLabel: Predicate = (object) => labels(object.metadata.labels ?? {});
  return byField ? (object) => byLabel(object) && byField(object) : byLabel;
}

/** Kubernetes' `LabelSelector` object (matchLabels, matchExpressions) as a predicate over labels. */
export function matchesLabelSelector(
  selector: {
    matchLabels?: Labels;
    matchExpressions?: { key: string; operator: string; values?: string[] }[];
  },
  labels: Labels,
): boolean {
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  if (!equal) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const present = key in labels;
    if (operator === 'Exists') return present;
    if (operator === 'DoesNotExist') return !present;
    if (operator === 'In') return present && values.includes(labels[key] ?? '');
    return operator === 'NotIn' && !(present && values.includes(labels[key] ?? ''));
  });
}
