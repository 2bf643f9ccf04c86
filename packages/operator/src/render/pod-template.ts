import type { Container, PodTemplateSpec } from '@pgherd/kube/objects';
import { objectLabels, podAnnotations, roleAnnotation } from '../labels.ts';
import { affinityOf } from './affinity.ts';
import { postgresContainer } from './containers.ts';
import { identityOf, type RenderInput } from './input.ts';
import { localAnnotations, localFileVolume, usesFile } from './local-configuration.ts';
import { mountsOf, type MountedVolume } from './mounts.ts';
import { sidecarContainers, withPortProtocols } from './sidecars.ts';
import { tolerationsOf } from './tolerations.ts';
import { topologySpreadOf } from './topology-spread.ts';
import { podVolumes, volumesOf } from './volumes.ts';
import { isSet } from './variables.ts';

/** Template of the database pods. */
export function podTemplate(input: RenderInput): PodTemplateSpec {
  const { manifest, configuration } = input;
  const { spec } = manifest;
  const volumes = [...podVolumes(input), ...(usesFile(input) ? [localFileVolume] : [])];
  const priority = isSet(spec.podPriorityClassName)
    ? spec.podPriorityClassName
    : configuration.pod_priority_class_name;
  const affinity = affinityOf(input);
  const spread = topologySpreadOf(input);
  const init = initContainers(input, volumes);
  return {
    metadata: {
      namespace: identityOf(manifest).namespace,
      labels: objectLabels(configuration, manifest),
      annotations: {
        ...podAnnotations(configuration, manifest),
        ...roleAnnotation(configuration),
        ...localAnnotations(input),
      },
    },
    spec: {
      serviceAccountName: configuration.pod_service_account_name,
      terminationGracePeriodSeconds: Math.round(configuration.pod_terminate_grace_period / 1000),
      securityContext: podSecurityContext(input),
      ...(isSet(spec.schedulerName ?? '') ? { schedulerName: spec.schedulerName ?? '' } : {}),
      ...(isSet(priority) ? { priorityClassName: priority } : {}),
      tolerations: tolerationsOf(input),
      ...(affinity === undefined ? {} : { affinity }),
      ...(spread === undefined ? {} : { topologySpreadConstraints: spread }),
      ...(init.length > 0 ? { initContainers: init } : {}),
      containers: [postgresContainer(input, volumes), ...sidecarContainers(input, volumes)],
      volumes: volumesOf(volumes),
    },
  };
}

/** User and groups of the pod, which the files of its volume belong to. */
export function podSecurityContext(input: RenderInput): Record<string, unknown> {
  const { manifest, configuration } = input;
  const { spiloRunAsUser, spiloRunAsGroup, spiloFSGroup } = manifest.spec;
  const context = {
    runAsUser: spiloRunAsUser ?? configuration.spilo_runasuser,
    runAsGroup: spiloRunAsGroup ?? configuration.spilo_runasgroup,
    fsGroup: spiloFSGroup ?? configuration.spilo_fsgroup,
  };
  return Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined));
}

/** As in the manifest, plus volumes that are mounted into them by name. */
function initContainers({ manifest }: RenderInput, volumes: MountedVolume[]): Container[] {
  const byName = volumes.filter(({ containers }) => containers !== undefined);
  return (manifest.spec.initContainers ?? []).map((container) => {
    const extra = mountsOf(manifest, byName, container.name).slice(1);
    const mounts = [...(container.volumeMounts ?? []), ...extra];
    return {
      ...withPortProtocols(container),
      ...(mounts.length > 0 ? { volumeMounts: mounts } : {}),
    };
  });
}
