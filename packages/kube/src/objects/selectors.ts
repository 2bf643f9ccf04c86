import { labelValueErrors, qualifiedNameErrors } from './names.ts';

export type SelectorOperator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';

/** One condition on labels. All of a selector hold together. */
export interface LabelRequirement {
  key: string;
  operator: SelectorOperator;
  values: string[];
}

/** Conditions that all must hold; none select everything. */
export type ParsedLabelSelector = readonly LabelRequirement[];

const identifier = '[^\\s,()=!<>\'"]+';
const forms: [RegExp, (match: RegExpExecArray) => LabelRequirement][] = [
  [new RegExp(`^(${identifier})\\s+(in|notin)\\s*\\(([^()]*)\\)$`), setBased],
  [new RegExp(`^(${identifier})\\s*(==|!=|=|>|<)\\s*(${identifier})?$`), comparison],
  [new RegExp(`^!\\s*(${identifier})$`), ([, key = '']) => ({ key, operator: 'DoesNotExist', values: [] })],
  [new RegExp(`^(${identifier})$`), ([, key = '']) => ({ key, operator: 'Exists', values: [] })],
];

function setBased([, key = '', operator, values = '']: RegExpExecArray): LabelRequirement {
  const list = values.split(',').map((value) => value.trim());
  return { key, operator: operator === 'in' ? 'In' : 'NotIn', values: list };
}

function comparison([, key = '', operator, value = '']: RegExpExecArray): LabelRequirement {
  const names = { '=': 'In', '==': 'In', '!=': 'NotIn', '>': 'Gt', '<': 'Lt' } as const;
  return { key, operator: names[operator as keyof typeof names], values: [value] };
}

/** Splits at commas outside of parentheses. */
function clauses(text: string): string[] {
  const parts = text.split(/,(?![^(]*\))/);
  return parts.map((part) => part.trim());
}

/**
 * Parses `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, `a>1`, `a<1`, joined by commas.
 * Throws an Error that names the clause which is wrong.
 */
export function parseLabelSelector(text: string): ParsedLabelSelector {
  if (text.trim() === '') return [];
  return clauses(text).map((clause) => {
    for (const [form, make] of forms) {
      const match = form.exec(clause);
      if (match) return checked(make(match), clause);
    }
    throw new Error(
      `unable to parse requirement: found ${JSON.stringify(clause)} in label selector ${JSON.stringify(text)}`,
    );
  });
}

function checked(requirement: LabelRequirement, clause: string): LabelRequirement {
  const { key, operator, values } = requirement;
  const wrong = [...qualifiedNameErrors(key), ...values.flatMap(labelValueErrors)];
  if ((operator === 'Gt' || operator === 'Lt') && !/^-?\d+$/.test(values[0] ?? ''))
    wrong.push('for Gt, Lt operators, the value must be an integer');
  if (wrong.length > 0)
    throw new Error(`unable to parse requirement ${JSON.stringify(clause)}: ${wrong.join('; ')}`);
  return requirement;
}

/** `spec.selector` of many kinds. An absent selector matches nothing, an empty one everything: pass `{}` then. */
export function labelSelectorFromObject(selector: {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}): ParsedLabelSelector {
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]): LabelRequirement => ({
    key,
    operator: 'In',
    values: [value],
  }));
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }): LabelRequirement => {
      if (operator !== 'In' && operator !== 'NotIn' && operator !== 'Exists' && operator !== 'DoesNotExist')
        throw new Error(`${JSON.stringify(operator)} is not a valid label selector operator`);
      return { key, operator, values };
    },
  );
  return [...equal, ...expressions];
}

/** Do the labels fulfil every condition? `NotIn` holds for an absent label too. */
export function matchesLabels(
  selector: ParsedLabelSelector,
  labels: Record<string, string> | undefined,
): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      default: {
        if (value === undefined || !/^-?\d+$/.test(value)) return false;
        const bound = BigInt(values[0] ?? '0');
        return operator === 'Gt' ? BigInt(value) > bound : BigInt(value) < bound;
      }
    }
  });
}

/** One condition on a field: it equals `value`, or does not. */
export interface FieldRequirement {
  field: string;
  equal: boolean;
  value: string;
}

/** Parses `metadata.name=x,status.phase!=Running`; `\,`, `\=` and `\\` stand for themselves in values. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const terms = text.split(/(?<!\\)(?:\\\\)*,/).filter((term) => term !== '');
  return terms.map((term) => {
    const match = /^\s*([^=!\s]+)\s*(==|!=|=)(.*)$/s.exec(term);
    if (!match) throw new Error(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = match;
    return { field, equal: operator !== '!=', value: value.replaceAll(/\\([\\,=])/g, '$1') };
  });
}
