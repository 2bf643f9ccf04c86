import type { FieldError } from './field-error.ts';
import { invalid, notSupported, required, tooLong, tooMany, typeInvalid } from './field-error.ts';
import { hasFormat } from './formats.ts';
import { equalJson, validateListType } from './list-types.ts';
import type { Schema } from './schema.ts';
import { isObject, own } from './schema.ts';

/** `matches` counts what held; of several failed alternatives the best matching one is explained. */
interface Outcome {
  errors: FieldError[];
  matches: number;
}

/** JSON type names as Kubernetes' messages use them. */
function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

/** `.` and the empty path are the whole object, which Kubernetes prints as `<nil>`. */
const shown = (path: string): string => (path === '' ? '<nil>' : path);

/** How kube-openapi's own sentences name the path. */
const body = (path: string): string => `${path} in body`;

const child = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

/** A pattern as Go's RE2 reads it, as far as JavaScript can; undefined when it cannot be compiled. */
export function compilePattern(pattern: string): RegExp | undefined {
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  const source = flags ? pattern.slice(flags[0].length) : pattern;
  for (const mode of ['u', '']) {
    try {
      return new RegExp(source.replaceAll('\\z', '$').replaceAll('\\A', '^'), (flags?.[1] ?? '') + mode);
    } catch {
      // The next mode may accept what this one does not, e.g. needless escapes.
    }
  }
  return undefined;
}

function checkType(schema: Schema, value: unknown, path: string): FieldError | undefined {
  const expected = schema.type;
  if (expected === undefined || expected === '') return undefined;
  const actual = typeOf(value);
  if (value === null && schema.nullable) return undefined;
  if (actual === expected || (expected === 'number' && actual === 'integer')) return undefined;
  return typeInvalid(
    shown(path),
    actual,
    `${body(path)} must be of type ${expected}: ${JSON.stringify(actual)}`,
  );
}

function checkString(schema: Schema, text: string, path: string, errors: FieldError[]): void {
  const { length } = Array.from(text);
  if (schema.maxLength !== undefined && length > schema.maxLength)
    errors.push(tooLong(shown(path), schema.maxLength));
  if (schema.minLength !== undefined && length < schema.minLength) {
    errors.push(
      invalid(shown(path), text, `${body(path)} should be at least ${schema.minLength} chars long`),
    );
  }
  if (schema.pattern !== undefined && schema.pattern !== '') {
    const pattern = compilePattern(schema.pattern);
    if (pattern === undefined || !pattern.test(text))
      errors.push(invalid(shown(path), text, `${body(path)} should match '${schema.pattern}'`));
  }
  if (schema.format !== undefined && !hasFormat(schema.format, text)) {
    errors.push(
      invalid(
        shown(path),
        text,
        `${body(path)} must be of type ${schema.format.replaceAll('-', '')}: ${JSON.stringify(text)}`,
      ),
    );
  }
}

function checkNumber(schema: Schema, value: number, path: string, errors: FieldError[]): void {
  const fail = (detail: string): void => {
    errors.push(invalid(shown(path), value, `${body(path)} ${detail}`));
  };
  const { maximum, minimum, multipleOf } = schema;
  if (multipleOf !== undefined && multipleOf > 0 && !isMultiple(value, multipleOf))
    fail(`should be a multiple of ${multipleOf}`);
  if (maximum !== undefined) {
    if (schema.exclusiveMaximum ? value >= maximum : value > maximum)
      fail(
        schema.exclusiveMaximum
          ? `should be less than ${maximum}`
          : `should be less than or equal to ${maximum}`,
      );
  }
  if (minimum !== undefined) {
    if (schema.exclusiveMinimum ? value <= minimum : value < minimum)
      fail(
        schema.exclusiveMinimum
          ? `should be greater than ${minimum}`
          : `should be greater than or equal to ${minimum}`,
      );
  }
}

function isMultiple(value: number, factor: number): boolean {
  const quotient = value / factor;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

function checkList(schema: Schema, list: unknown[], path: string, outcome: Outcome): void {
  const { errors } = outcome;
  list.forEach((item, index) => {
    if (schema.items) merge(outcome, check(schema.items, item, `${path}[${index}]`));
  });
  if (schema.minItems !== undefined && list.length < schema.minItems) {
    errors.push(
      invalid(shown(path), list.length, `${body(path)} should have at least ${schema.minItems} items`),
    );
  }
  if (schema.maxItems !== undefined && list.length > schema.maxItems)
    errors.push(tooMany(shown(path), list.length, schema.maxItems));
  if (schema.uniqueItems && list.some((a, i) => list.slice(0, i).some((b) => equalJson(a, b))))
    errors.push(invalid(shown(path), '', `${body(path)} shouldn't contain duplicates`));
  validateListType(schema, list, path, errors);
}

function checkObject(schema: Schema, object: Record<string, unknown>, path: string, outcome: Outcome): void {
  const { errors } = outcome;
  const keys = Object.keys(object);
  if (schema.minProperties !== undefined && keys.length < schema.minProperties) {
    errors.push(
      invalid(
        shown(path),
        keys.length,
        `${body(path)} should have at least ${schema.minProperties} properties`,
      ),
    );
  }
  if (schema.maxProperties !== undefined && keys.length > schema.maxProperties)
    errors.push(tooMany(shown(path), keys.length, schema.maxProperties));
  for (const key of keys) {
    const property = own(schema.properties, key);
    if (property) merge(outcome, check(property, object[key], child(path, key)));
    else if (schema.additionalProperties === false)
      errors.push(invalid(shown(path), '', `${child(path, key)} in body is a forbidden property`));
    else if (typeof schema.additionalProperties === 'object')
      merge(outcome, check(schema.additionalProperties, object[key], child(path, key)));
  }
  for (const key of schema.required ?? [])
    if (!Object.hasOwn(object, key)) errors.push(required(child(path, key)));
}

/** Errors about alternatives are, as in Kubernetes, about no field in particular; the text names the path. */
function checkAlternatives(schema: Schema, value: unknown, path: string, outcome: Outcome): void {
  const quoted = JSON.stringify(path);
  const composite = (detail: string): void => {
    outcome.errors.push(invalid('<nil>', '', `${quoted} ${detail}`));
  };
  // An integer or a string, when the schema does not say so itself.
  const anyOf =
    schema.anyOf ??
    (schema['x-kubernetes-int-or-string'] ? [{ type: 'integer' }, { type: 'string' }] : undefined);
  if (anyOf && anyOf.length > 0) {
    const tried = anyOf.map((option) => check(option, value, path));
    if (!tried.some((t) => t.errors.length === 0)) {
      composite('must validate at least one schema (anyOf)');
      merge(outcome, best(tried));
    }
  }
  if (schema.oneOf && schema.oneOf.length > 0) {
    const tried = schema.oneOf.map((option) => check(option, value, path));
    const valid = tried.filter((t) => t.errors.length === 0).length;
    if (valid !== 1) {
      const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
      composite(`must validate one and only one schema (oneOf). ${found}`);
      if (valid === 0) merge(outcome, best(tried));
    }
  }
  if (schema.allOf && schema.allOf.length > 0) {
    const tried = schema.allOf.map((option) => check(option, value, path));
    for (const t of tried) merge(outcome, t);
    const valid = tried.filter((t) => t.errors.length === 0).length;
    if (valid !== tried.length)
      composite(`must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`);
  }
  if (schema.not && check(schema.not, value, path).errors.length === 0)
    composite('must not validate the schema (not)');
}

function best(tried: Outcome[]): Outcome {
  return tried.reduce((a, b) => (b.matches > a.matches ? b : a));
}

function merge(into: Outcome, from: Outcome): void {
  into.errors.push(...from.errors);
  into.matches += from.matches;
}

function check(schema: Schema, value: unknown, path: string): Outcome {
  const outcome: Outcome = { errors: [], matches: 0 };
  const { errors } = outcome;
  const wrongType = checkType(schema, value, path);
  if (wrongType) errors.push(wrongType);
  else outcome.matches++;
  if (schema.enum && !(value === null && schema.nullable)) {
    if (schema.enum.some((allowed) => equalJson(allowed, value))) outcome.matches++;
    else {
      const supported = schema.enum.map((v) => (typeof v === 'string' ? v : JSON.stringify(v)));
      errors.push(notSupported(shown(path), value, supported));
    }
  }
  if (value === null) return outcome;
  if (typeof value === 'string') checkString(schema, value, path, errors);
  else if (typeof value === 'number') checkNumber(schema, value, path, errors);
  else if (Array.isArray(value)) checkList(schema, value, path, outcome);
  else if (isObject(value)) checkObject(schema, value, path, outcome);
  checkAlternatives(schema, value, path, outcome);
  return outcome;
}

/**
 * All that is wrong with `value` under `schema`, in Kubernetes' words; empty when it is valid. Unknown fields
 * are no error (`prune` tells them). Errors come in the order of the value's fields, each message once.
 * `path` is where `value` stands in its object, default its root.
 */
export function validate(schema: Schema, value: unknown, path = ''): FieldError[] {
  return check(schema, value, path).errors;
}
