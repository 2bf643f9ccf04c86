import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  parseConfiguration,
  parseOperatorConfiguration,
  type ParsedConfiguration,
  type Postgresql,
  type Problem,
} from '@pgherd/api';
import type { Client } from '@pgherd/kube/client';
import { ApiError, configMaps, deployments, type Deployment, type ResourceType } from '@pgherd/kube/objects';
import { isObject } from '@pgherd/kube/schema';
import type { Settings } from '@pgherd/operator';
import { CommandError, exitCode } from '../exit-code.ts';
import { readConfigurationFile } from '../operator/read-configuration.ts';

/** The configuration that a plan is made with, and where it comes from. */
export interface FoundSettings {
  settings: Settings;
  /** For people, e.g. `ConfigMap default/postgres-operator`. */
  origin: string;
  problems: Problem[];
  /** The operator's own namespace, as far as it is known. */
  own: string;
}

const operatorConfigurations: ResourceType = {
  group: 'acid.zalan.do',
  version: 'v1',
  plural: 'operatorconfigurations',
  kind: 'OperatorConfiguration',
  namespaced: true,
};

/** What tells where an operator's configuration is. */
interface Search {
  client: Client;
  /** File that the connection was made with; that of `pgherd local` lies beside its operator's configuration. */
  kubeconfig: string | undefined;
  /** Manifest that is planned: it may name its operator. */
  manifest: Postgresql;
}

/**
 * The configuration of the operator that looks after a manifest: what the caller names (a file,
 * `configmap/NAMESPACE/NAME` or `opconfig/NAMESPACE/NAME`), that of `pgherd local`, that which the operator's
 * Deployment names, or the defaults, and `origin` says so.
 */
export async function findSettings(search: Search, named: string | undefined): Promise<FoundSettings> {
  if (named !== undefined) return readNamed(search.client, named);
  const local = localFile(search.kubeconfig);
  if (local !== undefined && existsSync(local)) return fromFile(local);
  const deployment = await findOperator(search);
  if (deployment === undefined) {
    return defaults(
      local === undefined ? 'defaults: no operator found, --configuration names one' : 'defaults',
    );
  }
  return fromDeployment(search.client, deployment);
}

async function readNamed(client: Client, named: string): Promise<FoundSettings> {
  const [, kind, namespace = '', name = ''] =
    /^(configmap|opconfig|operatorconfiguration)\/([^/]+)\/([^/]+)$/.exec(named) ?? [];
  if (kind === undefined) return fromFile(named);
  return kind === 'configmap'
    ? fromConfigMap(client, namespace, name)
    : fromResource(client, namespace, name);
}

/** `operator.yaml` of the local instance that the kubeconfig belongs to; it need not exist. */
function localFile(kubeconfig: string | undefined): string | undefined {
  if (kubeconfig === undefined) return undefined;
  const home = dirname(kubeconfig);
  return existsSync(join(home, 'instance.json')) ? join(home, 'operator.yaml') : undefined;
}

function fromFile(file: string): FoundSettings {
  const read = readConfigurationFile(file);
  if (read.type === 'missing') throw new CommandError(`${file}: there is no such file`, exitCode.wrongUsage);
  if (read.type === 'unreadable') throw new CommandError(`${file}: ${read.why}`, exitCode.wrongUsage);
  if (read.type === 'OperatorConfiguration') return found(parseOperatorConfiguration(read.content), file);
  if (!isObject(read.content)) {
    throw new CommandError(`${file}: not a mapping of keys to values`, exitCode.wrongUsage);
  }
  return found(parseConfiguration(read.content), file);
}

function defaults(origin: string): FoundSettings {
  return found(parseConfiguration({}), origin);
}

/** `own`: without a word about it the namespace that `pgherd local` runs its operator in. */
function found(
  { configuration, named, problems }: ParsedConfiguration,
  origin: string,
  own = 'default',
): FoundSettings {
  return { settings: { configuration, named }, origin, problems, own };
}

async function fromConfigMap(
  client: Client,
  namespace: string,
  name: string,
  own = namespace,
): Promise<FoundSettings> {
  const { data = {} } = await client.get(configMaps, { namespace, name });
  return found(parseConfiguration(data), `ConfigMap ${namespace}/${name}`, own);
}

async function fromResource(client: Client, namespace: string, name: string): Promise<FoundSettings> {
  const resource = await client.get(operatorConfigurations, { namespace, name });
  return found(parseOperatorConfiguration(resource), `OperatorConfiguration ${namespace}/${name}`, namespace);
}

/** Labels of the operator's Deployment, in our manifests and in those that people have. */
const operatorSelectors = [
  'application in (postgres-operator,pgherd)',
  'app.kubernetes.io/name in (postgres-operator,pgherd)',
  'name in (postgres-operator,pgherd)',
];

/** The Deployment of the operator whose controller id is the one that the manifest asks for. */
async function findOperator({ client, manifest }: Search): Promise<Deployment | undefined> {
  const wanted = manifest.metadata.annotations?.['acid.zalan.do/controller'] ?? '';
  for (const labelSelector of operatorSelectors) {
    const { items } = await client.list(deployments, { labelSelector }).catch(noneWhenForbidden);
    const fits = items.find((item) => (environmentOf(item)['CONTROLLER_ID'] ?? '') === wanted);
    if (fits !== undefined) return fits;
  }
  return undefined;
}

function noneWhenForbidden(error: unknown): { items: Deployment[] } {
  if (error instanceof ApiError && error.code === 403) return { items: [] };
  throw error;
}

function environmentOf(deployment: Deployment): Record<string, string | undefined> {
  const containers = deployment.spec?.template.spec?.containers ?? [];
  const variables = containers.flatMap(({ env }) => env ?? []);
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

async function fromDeployment(client: Client, deployment: Deployment): Promise<FoundSettings> {
  const environment = environmentOf(deployment);
  const own = environment['OPERATOR_NAMESPACE'] ?? deployment.metadata?.namespace ?? '';
  const resource = environment['POSTGRES_OPERATOR_CONFIGURATION_OBJECT'];
  if (resource !== undefined && resource !== '') return fromResource(client, own, resource);
  const map = environment['CONFIG_MAP_NAME'];
  if (map === undefined || map === '') {
    const origin = `defaults: Deployment ${own}/${deployment.metadata?.name} names no configuration`;
    return found(parseConfiguration({}), origin, own);
  }
  const [first = '', second] = map.split('/');
  return second === undefined ? fromConfigMap(client, own, first) : fromConfigMap(client, first, second, own);
}
