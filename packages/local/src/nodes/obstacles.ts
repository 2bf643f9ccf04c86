import { persistentVolumes, pods } from '@pgherd/kube/objects';
import type { PersistentVolume, Pod } from '@pgherd/kube/objects';
import { hasEnded } from '../scheduler/cluster.ts';
import type { Registry } from '../registry/registry.ts';

/** What would be lost with a node: its pods, and the volumes that are on it. Empty: it can go. */
export function obstaclesToRemoval(registry: Registry, nodeName: string): string[] {
  const running = (registry.list(pods).items as unknown as Pod[]).filter(
    (pod) => pod.spec?.nodeName === nodeName && !hasEnded(pod),
  );
  const volumes = (registry.list(persistentVolumes).items as unknown as PersistentVolume[]).filter((volume) =>
    (volume.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? []).some(({ matchExpressions = [] }) =>
      matchExpressions.some(
        ({ key, values = [] }) => key === 'kubernetes.io/hostname' && values.includes(nodeName),
      ),
    ),
  );
  return [
    ...running.map(({ metadata }) => `pod ${metadata.namespace}/${metadata.name} runs there`),
    ...volumes.map(({ metadata, spec }) => {
      const { namespace, name } = spec?.claimRef ?? {};
      const whose = name === undefined ? '' : ` with the data of claim ${namespace}/${name}`;
      return `volume ${metadata.name} is there${whose}`;
    }),
  ];
}
