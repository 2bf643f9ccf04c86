import type { Container, Pod, Volume } from '@pgherd/kube/objects';
import type { ObjectSource } from '../env.ts';
import { fieldValue, resourceFieldValue } from '../field-ref.ts';
import type { NodeFacts } from '../field-ref.ts';

/** One file of a volume that the agent writes itself. */
export interface PayloadFile {
  content: Buffer;
  /** Permission bits. */
  mode: number;
  /** Owner; root when absent. */
  uid?: number;
}

/** Files by path relative to the volume. */
export type Payload = Map<string, PayloadFile>;

/** A volume cannot be written yet (an object or key is missing); the pod waits. */
export class VolumeError extends Error {}

interface KeyToPath {
  key: string;
  path: string;
  mode?: number;
}

interface DownwardItem {
  path: string;
  mode?: number;
  fieldRef?: { fieldPath: string };
  resourceFieldRef?: { containerName?: string; divisor?: string; resource: string };
}

/** What payloads are made from. */
export interface PayloadContext {
  pod: Pod;
  podIps: readonly string[];
  node: NodeFacts;
  source: ObjectSource;
  /** The projected token for this volume and path, made new or still good. */
  token: (request: { volume: string; path: string; audience?: string; expirationSeconds: number }) => string;
}

const DEFAULT_MODE = 0o644;
/** Kubernetes' default lifetime of a projected token, seconds. */
const DEFAULT_TOKEN_SECONDS = 3600;

/** Whether the volume's content is files that the agent writes. */
export function hasPayload(volume: Volume): boolean {
  return Boolean(volume.configMap ?? volume.secret ?? volume.downwardAPI ?? volume.projected);
}

/** Whether its files belong in memory, not on a disk: secrets, tokens and what is mixed with them. */
export function isVolatile(volume: Volume): boolean {
  return Boolean(volume.secret ?? volume.downwardAPI ?? volume.projected);
}

/** The files of a configMap, secret, downwardAPI or projected volume. Throws `VolumeError`. */
export function payloadOf(volume: Volume, context: PayloadContext): Payload {
  const namespace = context.pod.metadata.namespace ?? 'default';
  if (volume.configMap) {
    const { name = '', items, optional, defaultMode = DEFAULT_MODE } = volume.configMap;
    return configMapFiles(context.source, namespace, name, items, optional ?? false, defaultMode);
  }
  if (volume.secret) {
    const { secretName = '', items, optional, defaultMode = DEFAULT_MODE } = volume.secret;
    return secretFiles(context.source, namespace, secretName, items, optional ?? false, defaultMode);
  }
  if (volume.downwardAPI) {
    const { items = [], defaultMode = DEFAULT_MODE } = volume.downwardAPI;
    return downwardFiles(items, defaultMode, context);
  }
  const files: Payload = new Map();
  const mode = volume.projected?.defaultMode ?? DEFAULT_MODE;
  for (const projection of volume.projected?.sources ?? []) {
    for (const [path, file] of projectedFiles(volume.name, projection, mode, namespace, context)) {
      files.set(path, file);
    }
  }
  return files;
}

type Projection = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

function projectedFiles(
  volume: string,
  projection: Projection,
  mode: number,
  namespace: string,
  context: PayloadContext,
): Payload {
  const { source } = context;
  if (projection.configMap) {
    const { name = '', items, optional } = projection.configMap;
    return configMapFiles(source, namespace, name, items, optional ?? false, mode);
  }
  if (projection.secret) {
    const { name = '', items, optional } = projection.secret;
    return secretFiles(source, namespace, name, items, optional ?? false, mode);
  }
  if (projection.downwardAPI) {
    return downwardFiles(projection.downwardAPI.items ?? [], mode, context);
  }
  if (projection.serviceAccountToken) {
    const { path, audience, expirationSeconds = DEFAULT_TOKEN_SECONDS } = projection.serviceAccountToken;
    const request = { volume, path, expirationSeconds, ...(audience ? { audience } : {}) };
    // Kubelet's modes: nobody reads it whom it does not belong to, as far as that can be told.
    const uid = commonUser(context.pod);
    const isPrivate = uid !== undefined || context.pod.spec?.securityContext?.fsGroup !== undefined;
    const file = { content: Buffer.from(context.token(request)), mode: isPrivate ? 0o600 : mode };
    return new Map([[path, uid === undefined ? file : { ...file, uid }]]);
  }
  throw new VolumeError('a projected volume has a source of an unknown type');
}

/** The user that all containers of a pod run as; undefined when they differ, or an image decides. */
function commonUser({ spec }: Pod): number | undefined {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const users = containers.map(
    ({ securityContext }) => securityContext?.runAsUser ?? spec?.securityContext?.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

function configMapFiles(
  source: ObjectSource,
  namespace: string,
  name: string,
  items: KeyToPath[] | undefined,
  optional: boolean,
  mode: number,
): Payload {
  const map = source.configMap(namespace, name);
  if (map === undefined && !optional) throw new VolumeError(`configmap "${name}" not found`);
  const all = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(map?.data ?? {})) all.set(key, Buffer.from(value));
  for (const [key, value] of Object.entries(map?.binaryData ?? {}))
    all.set(key, Buffer.from(value, 'base64'));
  return select(all, items, optional, mode);
}

function secretFiles(
  source: ObjectSource,
  namespace: string,
  name: string,
  items: KeyToPath[] | undefined,
  optional: boolean,
  mode: number,
): Payload {
  const secret = source.secret(namespace, name);
  if (secret === undefined && !optional) throw new VolumeError(`secret "${name}" not found`);
  const all = new Map<string, Buffer>();
  for (const [key, value] of Object.entries(secret?.data ?? {})) all.set(key, Buffer.from(value, 'base64'));
  return select(all, items, optional, mode);
}

function select(
  all: Map<string, Buffer>,
  items: KeyToPath[] | undefined,
  optional: boolean,
  defaultMode: number,
): Payload {
  if (items === undefined || items.length === 0) {
    return new Map([...all].map(([key, content]) => [key, { content, mode: defaultMode }]));
  }
  const files: Payload = new Map();
  for (const { key, path, mode } of items) {
    const content = all.get(key);
    if (content === undefined) {
      if (optional) continue;
      throw new VolumeError(`references non-existent config key: ${key}`);
    }
    files.set(path, { content, mode: mode ?? defaultMode });
  }
  return files;
}

function downwardFiles(items: DownwardItem[], defaultMode: number, context: PayloadContext): Payload {
  const files: Payload = new Map();
  const { pod, podIps, node } = context;
  for (const { path, mode = defaultMode, fieldRef, resourceFieldRef } of items) {
    const nobody: Container = { name: '' };
    const text = fieldRef
      ? fieldValue(fieldRef.fieldPath, pod, podIps, node)
      : resourceFieldRef
        ? resourceFieldValue(resourceFieldRef, nobody, pod, node)
        : '';
    files.set(path, { content: Buffer.from(text), mode });
  }
  return files;
}
