import { statefulSets } from '@pgherd/kube/objects';
import type { Target } from './target.ts';

/** How the objects of one cluster are found; the operator's configuration decides it, the StatefulSet tells it. */
export interface ClusterLabels {
  /** Label selector of everything that belongs to the database pods. */
  selector: string;
  /** Label key of a pod's role. */
  roleLabel: string;
}

/** Reads the labels off the StatefulSet; before there is one, those of an unchanged configuration. */
export async function findLabels({ client, namespace }: Target, name: string): Promise<ClusterLabels> {
  const statefulSet = await client.find(statefulSets, { namespace, name });
  const labels = statefulSet?.spec?.selector.matchLabels ?? { application: 'spilo', 'cluster-name': name };
  const environment = statefulSet?.spec?.template.spec?.containers.find(
    ({ name }) => name === 'postgres',
  )?.env;
  return {
    selector: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    roleLabel: environment?.find((entry) => entry.name === 'KUBERNETES_ROLE_LABEL')?.value ?? 'spilo-role',
  };
}
