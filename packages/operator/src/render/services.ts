import type { Desired } from '../kinds.ts';
import { kinds } from '../kinds.ts';
import { selectorLabels, withRole } from '../labels.ts';
import { primaryServiceName, replicaServiceName, type ServiceRole } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { clusterObject, ownerOf } from './metadata.ts';
import { accessFields, accessOf, serviceAnnotations } from './service-access.ts';

/** The Services of the primary and of the replicas. Both always exist. */
export function renderServices(input: RenderInput): Desired[] {
  return [renderService(input, 'master'), renderService(input, 'replica')];
}

function renderService(input: RenderInput, role: ServiceRole): Desired {
  const { configuration, manifest } = input;
  const { name } = identityOf(manifest);
  const target = { role, pooler: false };
  const access = accessOf(input, target);
  // With Endpoints as Patroni's store, the primary's Endpoints are the leader lock: Patroni writes them itself.
  const selected = role === 'replica' || configuration.kubernetes_use_configmaps;
  const service = clusterObject(
    input,
    kinds.service,
    role === 'master' ? primaryServiceName(name) : replicaServiceName(name),
    {
      spec: {
        ...accessFields(input, access),
        ...(selected ? { selector: withRole(configuration, selectorLabels(configuration, name), role) } : {}),
        ports: [
          {
            name: 'postgresql',
            port: 5432,
            protocol: 'TCP',
            targetPort: 5432,
            ...(access.nodePort === undefined ? {} : { nodePort: access.nodePort }),
          },
        ],
      },
    },
    {
      labels: { [configuration.pod_role_label]: role },
      annotations: serviceAnnotations(input, target),
    },
  );
  // There may be a cluster that is called like another one's Service.
  return { ...service, owner: ownerOf(input) };
}
