import type { ConfigMap, Container, EnvVar, Pod, Secret, Service } from '@pgherd/kube/objects';
import { expand } from './expand.ts';
import { fieldValue, resourceFieldValue } from './field-ref.ts';
import type { NodeFacts } from './field-ref.ts';

/** Where the node agent finds objects of the pod's namespace; undefined when they do not exist. */
export interface ObjectSource {
  configMap(namespace: string, name: string): ConfigMap | undefined;
  secret(namespace: string, name: string): Secret | undefined;
  /** The namespace's Services, and `default/kubernetes`. */
  services(namespace: string): Service[];
}

/** A container's configuration cannot be made; its status says `CreateContainerConfigError` with this message. */
export class ContainerConfigError extends Error {}

export interface EnvContext {
  pod: Pod;
  container: Container;
  podIps: readonly string[];
  node: NodeFacts;
  source: ObjectSource;
}

/**
 * The container's environment in Kubernetes' order of precedence: Service variables, `envFrom`, `env`; the last
 * definition of a name wins, and `$(NAME)` refers to what was defined before.
 */
export function containerEnv(context: EnvContext): Map<string, string> {
  const { pod, container, source } = context;
  const namespace = pod.metadata.namespace ?? 'default';
  const result = serviceEnv(source.services(namespace), namespace, pod.spec?.enableServiceLinks ?? true);
  for (const entry of container.envFrom ?? []) {
    for (const [key, value] of envFromEntries(entry, namespace, source)) {
      result.set((entry.prefix ?? '') + key, value);
    }
  }
  for (const variable of container.env ?? []) {
    const value = variableValue(variable, result, context);
    if (value !== undefined) result.set(variable.name, value);
  }
  return result;
}

function variableValue(
  variable: EnvVar,
  known: ReadonlyMap<string, string>,
  { pod, container, podIps, node, source }: EnvContext,
): string | undefined {
  const from = variable.valueFrom;
  if (from === undefined || from === null) return expand(variable.value ?? '', known);
  const namespace = pod.metadata.namespace ?? 'default';
  if (from.fieldRef) return fieldValue(from.fieldRef.fieldPath, pod, podIps, node);
  if (from.resourceFieldRef) return resourceFieldValue(from.resourceFieldRef, container, pod, node);
  if (from.configMapKeyRef) {
    const { name = '', key, optional = false } = from.configMapKeyRef;
    const map = source.configMap(namespace, name);
    return mustHave(
      configMapText(map, key),
      optional,
      map !== undefined,
      'configmap',
      'ConfigMap',
      namespace,
      name,
      key,
    );
  }
  if (from.secretKeyRef) {
    const { name = '', key, optional = false } = from.secretKeyRef;
    const secret = source.secret(namespace, name);
    return mustHave(
      secretText(secret, key),
      optional,
      secret !== undefined,
      'secret',
      'Secret',
      namespace,
      name,
      key,
    );
  }
  return undefined;
}

/** Kubelet's two wordings: the object is missing, or the key in it. */
function mustHave(
  value: string | undefined,
  optional: boolean,
  exists: boolean,
  resource: string,
  kind: string,
  namespace: string,
  name: string,
  key: string,
): string | undefined {
  if (value !== undefined || optional) return value;
  if (!exists) throw new ContainerConfigError(`${resource} "${name}" not found`);
  throw new ContainerConfigError(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
}

function configMapText(map: ConfigMap | undefined, key: string): string | undefined {
  return map?.data?.[key];
}

function secretText(secret: Secret | undefined, key: string): string | undefined {
  const value = secret?.data?.[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}

function envFromEntries(
  entry: NonNullable<Container['envFrom']>[number],
  namespace: string,
  source: ObjectSource,
): [string, string][] {
  if (entry.configMapRef) {
    const { name = '', optional = false } = entry.configMapRef;
    const map = source.configMap(namespace, name);
    if (map === undefined && !optional) throw new ContainerConfigError(`configmap "${name}" not found`);
    return Object.entries(map?.data ?? {}).filter(([key]) => isEnvName((entry.prefix ?? '') + key));
  }
  if (entry.secretRef) {
    const { name = '', optional = false } = entry.secretRef;
    const secret = source.secret(namespace, name);
    if (secret === undefined && !optional) throw new ContainerConfigError(`secret "${name}" not found`);
    return Object.keys(secret?.data ?? {})
      .filter((key) => isEnvName((entry.prefix ?? '') + key))
      .map((key) => [key, secretText(secret, key) ?? '']);
  }
  return [];
}

/** Keys that cannot be variable names are left out, as Kubernetes does. */
function isEnvName(name: string): boolean {
  return /^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name);
}

/**
 * Variables for Services with a cluster IP: those of `default/kubernetes` always, of the own namespace when
 * `enableServiceLinks`. Source: kubernetes.io/docs/concepts/services-networking/service, "Environment variables".
 */
export function serviceEnv(
  services: readonly Service[],
  namespace: string,
  links: boolean,
): Map<string, string> {
  const result = new Map<string, string>();
  for (const service of services) {
    const isMaster = service.metadata.namespace === 'default' && service.metadata.name === 'kubernetes';
    if (!isMaster && (!links || service.metadata.namespace !== namespace)) continue;
    const ip = service.spec?.clusterIP ?? '';
    const ports = service.spec?.ports ?? [];
    if (ip === '' || ip === 'None' || ports.length === 0) continue;
    const prefix = (service.metadata.name ?? '').toUpperCase().replaceAll('-', '_');
    result.set(`${prefix}_SERVICE_HOST`, ip);
    ports.forEach((port, index) => {
      const number = String(port.port);
      const protocol = (port.protocol ?? 'TCP').toLowerCase();
      const link = `${prefix}_PORT_${number}_${protocol.toUpperCase()}`;
      if (index === 0) {
        result.set(`${prefix}_SERVICE_PORT`, number);
        result.set(`${prefix}_PORT`, `${protocol}://${ip}:${number}`);
      }
      if (port.name) {
        result.set(`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`, number);
      }
      result.set(link, `${protocol}://${ip}:${number}`);
      result.set(`${link}_PROTO`, protocol);
      result.set(`${link}_PORT`, number);
      result.set(`${link}_ADDR`, ip);
    });
  }
  return result;
}
