import { ApiError } from '../objects/api-error.ts';
import type { GroupVersionKind } from '../objects/object.ts';

/** Kubernetes' machine-readable kinds of field errors, as they stand in `status.details.causes[].reason`. */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/** One field that is wrong. `value` is printed only for the types that print it. */
export interface FieldError {
  type: FieldErrorType;
  /** Path from the object's root, e.g. `spec.containers[0].image`; `<nil>` for the whole object. */
  field: string;
  value?: unknown;
  detail: string;
}

const words: Record<FieldErrorType, string> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
  InternalError: 'Internal error',
};

/** These never show the value: it is absent, secret or too long. */
const withoutValue = new Set<FieldErrorType>([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'InternalError',
]);

/** A JSON value in the notation that Kubernetes' messages use for it (Go's `%#v`; objects sorted by key). */
function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (typeof value === 'object') {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[string]interface {}{${members.map(([k, v]) => `${JSON.stringify(k)}:${goSyntax(v)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
}

/** What follows the field's name, e.g. `Invalid value: "x": must be …`. This is the message of a cause. */
export function fieldErrorBody(error: FieldError): string {
  let text = words[error.type];
  if (!withoutValue.has(error.type) && 'value' in error) {
    const { value } = error;
    text += `: ${value === null || value === undefined ? '"null"' : goSyntax(value)}`;
  }
  return error.detail === '' ? text : `${text}: ${error.detail}`;
}

/** The whole message, e.g. `spec.size: Required value`. */
export function fieldErrorMessage(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`;
}

export function required(field: string, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field, detail };
}
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'FieldValueInvalid', field, value, detail };
}
export function typeInvalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'FieldValueTypeInvalid', field, value, detail };
}
export function notSupported(field: string, value: unknown, supported: string[]): FieldError {
  const detail =
    supported.length > 0 ? `supported values: ${supported.map((v) => JSON.stringify(v)).join(', ')}` : '';
  return { type: 'FieldValueNotSupported', field, value, detail };
}
export function forbidden(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, detail };
}
export function duplicate(field: string, value: unknown): FieldError {
  return { type: 'FieldValueDuplicate', field, value, detail: '' };
}
export function notFound(field: string, value: unknown): FieldError {
  return { type: 'FieldValueNotFound', field, value, detail: '' };
}
export function tooLong(field: string, max: number): FieldError {
  return { type: 'FieldValueTooLong', field, detail: `may not be more than ${max} bytes` };
}
export function tooMany(field: string, actual: number, max: number): FieldError {
  return { type: 'FieldValueTooMany', field, value: actual, detail: `must have at most ${max} items` };
}

/** Several messages as Kubernetes joins them: one stands alone, several in brackets, duplicates once. */
function aggregate(messages: string[]): string {
  const unique = [...new Set(messages)];
  return unique.length === 1 ? (unique[0] ?? '') : `[${unique.join(', ')}]`;
}

/** `kind.group`, or the kind alone for the core group: how messages name a kind. */
export function qualifiedKind(gvk: { group: string; kind: string }): string {
  return gvk.group === '' ? gvk.kind : `${gvk.kind}.${gvk.group}`;
}

/** The 422 `Invalid` answer for an object whose fields are wrong, one cause for each error. */
export function invalidError(
  gvk: Pick<GroupVersionKind, 'group' | 'kind'>,
  name: string,
  errors: FieldError[],
): ApiError {
  const subject = `${qualifiedKind(gvk)} ${JSON.stringify(name)} is invalid`;
  const message =
    errors.length === 0 ? subject : `${subject}: ${aggregate(errors.map((e) => fieldErrorMessage(e)))}`;
  return new ApiError(422, 'Invalid', message, {
    ...(name === '' ? {} : { name }),
    ...(gvk.group === '' ? {} : { group: gvk.group }),
    kind: gvk.kind,
    ...(errors.length === 0
      ? {}
      : {
          causes: errors.map((error) => ({
            reason: error.type,
            message: fieldErrorBody(error),
            field: error.field,
          })),
        }),
  });
}

/**
 * The 400 answer for `fieldValidation=Strict`: `messages` are those of `prune` and of the decoder,
 * e.g. `unknown field "spec.foo"`.
 */
export function strictDecodingError(gvk: GroupVersionKind, messages: string[]): ApiError {
  return new ApiError(
    400,
    'BadRequest',
    `${gvk.kind} in version ${JSON.stringify(gvk.version)} cannot be handled as a ${gvk.kind}: ` +
      `strict decoding error: ${messages.join(', ')}`,
  );
}
