import { invalid, required, type FieldError } from '@pgherd/kube/schema';
import type { KubeObject } from '@pgherd/kube/objects';
import type { Strategy } from '../definition.ts';
import { dataKeyErrors, dataSizeErrors, immutableErrors } from './config-map.ts';

/** Keys that a type of Secret must have. */
const requiredKeys: Record<string, string[]> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

const serviceAccountAnnotation = 'kubernetes.io/service-account.name';

const typeOf = (object: KubeObject): string => (typeof object['type'] === 'string' ? object['type'] : '');

function typeErrors(object: KubeObject): FieldError[] {
  const type = typeOf(object);
  const data = (object['data'] ?? {}) as Record<string, unknown>;
  const errors = (requiredKeys[type] ?? [])
    .filter((key) => !(key in data))
    .map((key) => required(`data[${key}]`));
  if (type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
    errors.push(required('data[username]'), required('data[password]'));
  }
  if (
    type === 'kubernetes.io/service-account-token' &&
    !object.metadata.annotations?.[serviceAccountAnnotation]
  ) {
    errors.push(required(`metadata.annotations[${serviceAccountAnnotation}]`));
  }
  return errors;
}

/** `stringData` is write-only: it goes into `data`. */
function mergeStringData(object: KubeObject): void {
  const text = object['stringData'] as Record<string, string> | undefined;
  delete object['stringData'];
  if (!text || Object.keys(text).length === 0) return;
  const encoded = Object.entries(text).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  object['data'] = { ...(object['data'] as object | undefined), ...Object.fromEntries(encoded) };
}

export const secretStrategy: Partial<Strategy> = {
  fields: (object) => ({ type: typeOf(object) }),
  prepareCreate: (object) => {
    mergeStringData(object);
    object['type'] ??= 'Opaque';
    if (object['type'] === '') object['type'] = 'Opaque';
  },
  prepareUpdate: (next, old) => {
    mergeStringData(next);
    // An update that leaves the type out keeps it.
    if (!next['type']) next['type'] = old['type'];
  },
  validate: (object) => [
    ...dataKeyErrors('data', object['data']),
    ...dataSizeErrors(object),
    ...typeErrors(object),
  ],
  validateUpdate: (next, old) => [
    ...(next['type'] === old['type'] ? [] : [invalid('type', next['type'], 'field is immutable')]),
    ...immutableErrors(next, old, ['data']),
  ],
};
