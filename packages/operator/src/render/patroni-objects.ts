import { apiVersionOf } from '@pgherd/kube/objects';
import { patroniObjectNames } from '@pgherd/patroni';
import { kinds, type Desired, type Kind } from '../kinds.ts';
import { inheritedAnnotations } from '../labels.ts';
import { patroniConfigServiceName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { ownerReferences } from './metadata.ts';

/** What Patroni makes gets inherited annotations and owners, and nothing else: Patroni labels and fills it itself. */
export function renderPatroniObjects(input: RenderInput): Desired[] {
  const { configuration, manifest } = input;
  const { name } = identityOf(manifest);
  if (configuration.etcd_host !== '') return [];
  const [kind, store]: [Kind, 'configmaps' | 'endpoints'] = configuration.kubernetes_use_configmaps
    ? [kinds.configMap, 'configmaps']
    : [kinds.endpoints, 'endpoints'];
  return [
    ...(store === 'endpoints' ? [part(input, kinds.service, patroniConfigServiceName(name))] : []),
    ...Object.values(patroniObjectNames(name, store)).map((each) => part(input, kind, each)),
  ];
}

function part(input: RenderInput, kind: Kind, name: string): Desired {
  const { configuration, manifest } = input;
  const annotations = inheritedAnnotations(configuration, manifest);
  const owners = ownerReferences(input);
  return {
    kind,
    object: {
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata: {
        name,
        namespace: identityOf(manifest).namespace,
        ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
        ...(owners.length > 0 ? { ownerReferences: owners } : {}),
      },
    },
    care: 'merged',
  };
}
