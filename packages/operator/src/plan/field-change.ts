import type { KubeObject } from '@pgherd/kube/objects';
import { withoutPasswords } from '../redact.ts';
import { isObject } from './list-keys.ts';
import { compareFields } from './compare.ts';
import { droppedFields } from './owned.ts';

/** One field that differs: a readable path, what it is, what it should be (`undefined`: absent). */
export interface FieldChange {
  path: string;
  from: unknown;
  to: unknown;
}

/** What counts as a difference. */
export interface Comparison {
  /** Names of annotations that are none (`ignored_annotations`). */
  ignoredAnnotations?: readonly string[];
  /** We only say some fields of an object that is otherwise somebody else's. */
  isPart?: boolean;
}

/**
 * What applying `desired` would change in `live`, down to the field.
 *
 * Server-side apply's own meaning: a field that we render must equal the live one, and a field that we own by
 * managedFields must still be rendered. What the API server defaulted and what others wrote is no difference, nor are
 * annotations with these names (`ignored_annotations`).
 */
export function fieldChanges(
  desired: KubeObject,
  live: KubeObject,
  { ignoredAnnotations = [], isPart = false }: Comparison = {},
): FieldChange[] {
  const changes: FieldChange[] = [];
  compareFields(withoutIdentity(desired), withSubjectNamespaces(live), [], changes);
  droppedFields(desired, live, changes, isPart);
  const isIgnored = ({ path }: FieldChange) =>
    ignoredAnnotations.some((key) => path === key || path.endsWith(`metadata.annotations.${key}`));
  return ignoredAnnotations.length === 0 ? changes : changes.filter((change) => !isIgnored(change));
}

/** A service account that is bound without a namespace is that of the binding's own. */
function withSubjectNamespaces(live: KubeObject): KubeObject {
  const { subjects } = live as KubeObject & { subjects?: { kind: string; namespace?: string }[] };
  if (live.kind !== 'RoleBinding' || subjects === undefined) return live;
  const { namespace = '' } = live.metadata;
  const complete = subjects.map((subject) =>
    subject.kind === 'ServiceAccount' ? { namespace, ...subject } : subject,
  );
  return { ...live, subjects: complete };
}

/** kind, name and namespace found the object; they cannot differ. */
function withoutIdentity(object: KubeObject): KubeObject {
  const { apiVersion: _apiVersion, kind: _kind, ...rest } = object;
  const { name: _name, namespace: _namespace, ...metadata } = object.metadata;
  return { ...rest, metadata };
}

const secretName = /password|secret|access_key|account_key|api_?key|token/i;

/** `spec.replicas: 2 → 3`, with what could be a secret hidden. */
export function printChange(change: FieldChange): string {
  const hide =
    /^(data|stringData)(\.|$)/.test(change.path) ||
    (secretName.test(change.path) && typeof change.to !== 'object');
  const show = (value: unknown) => (hide && value !== undefined ? '(hidden)' : shorten(redacted(value)));
  if (change.to === undefined) return `${change.path}: ${show(change.from)} → (removed)`;
  if (change.from === undefined) return `${change.path}: (unset) → ${show(change.to)}`;
  return `${change.path}: ${show(change.from)} → ${show(change.to)}`;
}

/** Values of variables that are called like a secret, however deep they are, e.g. in a container that is added. */
function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (!isObject(value)) return value;
  const { name } = value;
  const isSecret = typeof name === 'string' && secretName.test(name);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      isSecret && key === 'value' ? '(hidden)' : redacted(member),
    ]),
  );
}

function shorten(value: unknown): string {
  const text = withoutPasswords(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
