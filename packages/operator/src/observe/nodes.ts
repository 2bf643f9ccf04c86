import type { Configuration } from '@pgherd/api';
import type { KubeObject, NodeSelectorTerm, PersistentVolumeClaim } from '@pgherd/kube/objects';
import { kinds, objectKey } from '../kinds.ts';
import { nodeState } from '../nodes/node-state.ts';
import type { Member, Observed } from './observed.ts';
import type { ObjectSource } from './source.ts';

/** The nodes, and where the members' volumes can be used; nothing when nobody may look. */
export function observeNodes(
  source: ObjectSource,
  configuration: Pick<Configuration, 'node_readiness_label'>,
  members: readonly Member[],
  objects: ReadonlyMap<string, KubeObject>,
): Pick<Observed, 'nodes' | 'volumeNodes'> {
  const nodes = source.nodes?.();
  if (nodes === undefined) return {};
  return {
    nodes: new Map(nodes.map((node) => [node.metadata.name ?? '', nodeState(node, configuration)])),
    volumeNodes: new Map(
      members.flatMap((member): [string, 'any' | readonly NodeSelectorTerm[]][] => {
        const where = nodesOfVolumes(source, member, objects);
        return where === undefined ? [] : [[member.name, where]];
      }),
    ),
  };
}

/** Undefined: not known. Of several volumes all terms of one that is tied to nodes count. */
function nodesOfVolumes(
  source: ObjectSource,
  { pod }: Member,
  objects: ReadonlyMap<string, KubeObject>,
): 'any' | readonly NodeSelectorTerm[] | undefined {
  const { namespace = '' } = pod.metadata;
  const claims = (pod.spec?.volumes ?? []).flatMap(
    ({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [],
  );
  let found: 'any' | readonly NodeSelectorTerm[] = 'any';
  for (const name of claims) {
    const claim = objects.get(objectKey(kinds.claim, namespace, name)) as PersistentVolumeClaim | undefined;
    const volume = source.volume?.(claim?.spec?.volumeName ?? '');
    if (volume === undefined || volume === 'unknown' || volume === 'hidden') return undefined;
    const terms = volume.spec?.nodeAffinity?.required?.nodeSelectorTerms;
    if (terms !== undefined) found = terms;
  }
  return found;
}
