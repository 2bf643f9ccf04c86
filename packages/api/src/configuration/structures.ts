import type { Container, Probe } from 'kubernetes-types/core/v1.js';
import { parse as parseYaml } from 'yaml';
import { isObject, jsonOf, map } from './collections.ts';
import type { ValueKind } from './value.ts';
import { type NamespacedName, namespacedName } from './words.ts';

/** Where roles of all clusters are read from: one Secret. */
export interface InfrastructureRoleSecret {
  secretname: NamespacedName;
  /** Keys of the Secret that name, password and group are at. */
  userkey?: string;
  passwordkey?: string;
  rolekey?: string;
  /** Name and group of the role where the Secret does not say. */
  defaultuservalue?: string;
  defaultrolevalue?: string;
  /** Key of the Secret with more about the role. */
  details?: string;
  /** Whether the Secret has several roles, at numbered keys. */
  template?: boolean;
}

const textMembers = [
  'userkey',
  'passwordkey',
  'rolekey',
  'defaultuservalue',
  'defaultrolevalue',
  'details',
] as const;
const roleMembers = ['secretname', ...textMembers, 'template'];

function roleSecret(value: unknown): InfrastructureRoleSecret {
  if (!isObject(value) || typeof value['secretname'] !== 'string')
    throw new Error('expected descriptions with `secretname: NAME`');
  const unknown = Object.keys(value).find((name) => !roleMembers.includes(name));
  if (unknown !== undefined)
    throw new Error(`expected the keys ${roleMembers.join(', ')}, found \`${unknown}\``);
  const secretname = namespacedName.parse(value['secretname']);
  if (secretname === undefined) throw new Error('expected descriptions with `secretname: NAME`');
  const source: InfrastructureRoleSecret = { secretname };
  for (const name of textMembers) {
    const member = value[name];
    if (member === undefined || member === null) continue;
    if (typeof member !== 'string') throw new Error(`expected a text for ${name}`);
    source[name] = member;
  }
  const several = value['template'];
  if (several === undefined || several === null) return source;
  if (![true, false, 'true', 'false'].includes(several as string | boolean))
    throw new Error('expected `true` or `false` for template');
  return { ...source, template: several === true || several === 'true' };
}

function roleSecrets(value: unknown): InfrastructureRoleSecret[] {
  return (Array.isArray(value) ? value : [value]).map(roleSecret);
}

/** In the ConfigMap one description as `key: value` pairs, or any number of them as JSON. */
export const infrastructureRoles: ValueKind<InfrastructureRoleSecret[]> = {
  name: 'list of descriptions',
  parse: (text) => roleSecrets(jsonOf(text) ?? map.parse(text)),
  read: roleSecrets,
  empty: [],
  schema: {
    type: 'array',
    nullable: true,
    items: {
      type: 'object',
      required: ['secretname'],
      properties: {
        secretname: { type: 'string', description: 'Secret, with its namespace before a slash if need be.' },
        userkey: { type: 'string', description: "Key of the Secret with the role's name." },
        passwordkey: { type: 'string', description: "Key of the Secret with the role's password." },
        rolekey: { type: 'string', description: 'Key of the Secret with the group that the role is in.' },
        defaultuservalue: { type: 'string', description: 'Name of the role if the Secret has none.' },
        defaultrolevalue: { type: 'string', description: 'Group of the role if the Secret has none.' },
        details: { type: 'string', description: 'Key of the Secret with more about the role, as YAML.' },
        template: { type: 'boolean', description: 'Whether the Secret has several roles at numbered keys.' },
      },
    },
  },
  write: (value) =>
    value.length === 0
      ? ''
      : JSON.stringify(value.map(({ secretname, ...rest }) => ({ secretname: nameOf(secretname), ...rest }))),
};

function nameOf({ namespace, name }: NamespacedName): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

function containersOf(value: unknown): Container[] {
  const expected = 'expected a list of containers, each with a `name` and an `image`';
  if (!Array.isArray(value)) throw new Error(expected);
  for (const container of value as unknown[])
    if (
      !isObject(container) ||
      typeof container['name'] !== 'string' ||
      typeof container['image'] !== 'string'
    )
      throw new Error(expected);
  return value as Container[];
}

/** Containers; in the ConfigMap as JSON. */
export const containers: ValueKind<Container[]> = {
  name: 'list of Container',
  parse: (text) => containersOf(jsonOf(text)),
  read: containersOf,
  empty: [],
  schema: {
    type: 'array',
    nullable: true,
    items: { description: 'One container.', 'x-pgherd-core-type': 'Container' },
  },
};

function probeOf(value: unknown): Probe {
  if (!isObject(value)) throw new Error('expected a probe of Kubernetes, such as `{"httpGet": {…}}`');
  return value;
}

/** A probe; in the ConfigMap as JSON. */
export const probe: ValueKind<Probe | undefined> = {
  name: 'Probe',
  parse: (text) => probeOf(jsonOf(text)),
  read: probeOf,
  empty: undefined,
  schema: { 'x-pgherd-core-type': 'Probe' },
};

/** An object of Kubernetes as somebody wrote it; name and namespace come from elsewhere. */
export interface ObjectDefinition {
  kind: string;
  apiVersion: string;
  metadata?: Record<string, unknown>;
  [field: string]: unknown;
}

/** An object of one kind as JSON or YAML; an empty text means that there is none. */
export function definitionOf(
  kind: string,
  apiVersion: string,
  check: (object: Record<string, unknown>) => void = () => {},
): ValueKind<ObjectDefinition | undefined> {
  return {
    name: kind,
    parse(text) {
      const object = fromYaml(text);
      if (!isObject(object)) throw new Error(`expected a ${kind} as JSON or YAML`);
      if (object['kind'] !== kind) throw new Error(`expected \`kind: ${kind}\``);
      if ((object['apiVersion'] ?? apiVersion) !== apiVersion)
        throw new Error(`expected \`apiVersion: ${apiVersion}\``);
      const metadata = object['metadata'] ?? {};
      if (!isObject(metadata)) throw new Error('expected an object for `metadata`');
      check(object);
      return { ...object, kind, apiVersion, metadata };
    },
    empty: undefined,
    schema: { type: 'string' },
    write: (value) => (value === undefined ? '' : JSON.stringify(value)),
  };
}

function fromYaml(text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    const [line = ''] = String(error instanceof Error ? error.message : error).split('\n');
    throw new Error(`expected JSON or YAML: ${line}`, { cause: error });
  }
}

/** ServiceAccount of the pods. */
export const serviceAccountDefinition = definitionOf('ServiceAccount', 'v1');

/** RoleBinding of the pods' service account. */
export const roleBindingDefinition = definitionOf(
  'RoleBinding',
  'rbac.authorization.k8s.io/v1',
  ({ roleRef, subjects = [] }) => {
    if (!isObject(roleRef) || typeof roleRef['kind'] !== 'string' || typeof roleRef['name'] !== 'string')
      throw new Error('expected a `roleRef` with `kind` and `name`');
    if (!Array.isArray(subjects) || !subjects.every(isObject))
      throw new Error('expected a list of objects for `subjects`');
  },
);
