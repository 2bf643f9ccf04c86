import type { StatefulSetSpec } from '@pgherd/kube/objects';
import { kinds, type Desired } from '../kinds.ts';
import { downscalerAnnotations, inheritedAnnotations, objectLabels, selectorLabels } from '../labels.ts';
import { primaryServiceName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { instancesOf } from './instances.ts';
import { clusterObject } from './metadata.ts';
import { podTemplate } from './pod-template.ts';
import { isSet } from './variables.ts';

/** The StatefulSet of the cluster's members. Its pods are replaced by the plan (`OnDelete`), never by the controller. */
export function renderStatefulSet(input: RenderInput): Desired {
  const { manifest, configuration } = input;
  const { name } = identityOf(manifest);
  const spec: StatefulSetSpec = {
    replicas: instancesOf(configuration, manifest),
    serviceName: primaryServiceName(name),
    selector: { matchLabels: selectorLabels(configuration, name) },
    updateStrategy: { type: 'OnDelete' },
    podManagementPolicy: configuration.pod_management_policy === 'parallel' ? 'Parallel' : 'OrderedReady',
    persistentVolumeClaimRetentionPolicy: {
      whenDeleted: retention(configuration.persistent_volume_claim_retention_policy['when_deleted']),
      whenScaled: retention(configuration.persistent_volume_claim_retention_policy['when_scaled']),
    },
    template: podTemplate(input),
    volumeClaimTemplates: [claimTemplate(input)],
  };
  const annotations = downscalerAnnotations(configuration, manifest);
  const statefulSet = clusterObject(input, kinds.statefulSet, name, { spec }, { annotations });
  const missing = input.remembered.podEnvironment?.missing;
  return missing === undefined ? statefulSet : { ...statefulSet, waitFor: missing };
}

function retention(value: string | undefined): 'Delete' | 'Retain' {
  return value === 'delete' ? 'Delete' : 'Retain';
}

function claimTemplate(input: RenderInput): NonNullable<StatefulSetSpec['volumeClaimTemplates']>[number] {
  const { manifest, configuration } = input;
  const { size, storageClass, selector } = manifest.spec.volume;
  const annotations = inheritedAnnotations(configuration, manifest);
  return {
    metadata: {
      name: 'pgdata',
      labels: objectLabels(configuration, manifest),
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      volumeMode: 'Filesystem',
      resources: { requests: { storage: size } },
      ...(isSet(storageClass) ? { storageClassName: storageClass } : {}),
      ...(selector === undefined ? {} : { selector }),
    },
  };
}
