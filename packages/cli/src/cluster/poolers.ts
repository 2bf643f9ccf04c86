import type { Client } from '@pgherd/kube/client';
import { deployments, services, type Deployment, type Service } from '@pgherd/kube/objects';
import type { PoolerRow } from './overview.ts';

/** The poolers of a cluster, the primary's first. Their names and labels are not configurable. */
export async function gatherPoolers(
  client: Client,
  namespace: string,
  cluster: string,
): Promise<PoolerRow[]> {
  const names = [`${cluster}-pooler`, `${cluster}-pooler-repl`];
  const selection = { namespace, labelSelector: `connection-pooler in (${names.join(',')})` };
  const [found, addresses] = await Promise.all([
    client.list(deployments, selection),
    client.list(services, selection),
  ]);
  return names.flatMap((name, index) => {
    const deployment = found.items.find(({ metadata }) => metadata?.name === name);
    const service = addresses.items.find(({ metadata }) => metadata?.name === name);
    return deployment === undefined
      ? []
      : [poolerRow(deployment, service, index === 0 ? 'master' : 'replica')];
  });
}

function poolerRow(
  { metadata, spec, status }: Deployment,
  service: Service | undefined,
  role: string,
): PoolerRow {
  const container = spec?.template.spec?.containers.find(({ name }) => name === 'connection-pooler');
  const mode = container?.env?.find(({ name }) => name === 'CONNECTION_POOLER_MODE')?.value;
  const address = service?.spec?.clusterIP;
  return {
    name: metadata?.name ?? '',
    role,
    mode: mode ?? '',
    ready: status?.readyReplicas ?? 0,
    pods: spec?.replicas ?? 1,
    image: container?.image ?? '',
    address: address === undefined ? '' : `${address}:${service?.spec?.ports?.[0]?.port ?? ''}`,
  };
}
