import type { Pod } from '@pgherd/kube/objects';

/** Keys (`configmap/NAME`, `secret/NAME`, `claim/NAME`) of the objects of its namespace that a pod refers to. */
export function referencesOf(pod: Pod): Set<string> {
  const found = new Set<string>();
  const configMap = (name: string | undefined): unknown => name && found.add(`configmap/${name}`);
  const secret = (name: string | undefined): unknown => name && found.add(`secret/${name}`);
  for (const volume of pod.spec?.volumes ?? []) {
    configMap(volume.configMap?.name);
    secret(volume.secret?.secretName);
    if (volume.persistentVolumeClaim) found.add(`claim/${volume.persistentVolumeClaim.claimName}`);
    for (const source of volume.projected?.sources ?? []) {
      configMap(source.configMap?.name);
      secret(source.secret?.name);
    }
  }
  for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
    for (const from of container.envFrom ?? []) {
      configMap(from.configMapRef?.name);
      secret(from.secretRef?.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      configMap(valueFrom?.configMapKeyRef?.name);
      secret(valueFrom?.secretKeyRef?.name);
    }
  }
  return found;
}
