import type { Container } from '@pgherd/kube/objects';
import { secretName } from '../names.ts';
import { firstWins, fromField, fromSecret, isSet, postgresEnvironment } from './environment.ts';
import { identityOf, type RenderInput } from './input.ts';
import { containerResources, postgresResources } from './resources.ts';
import { mountsOf, type MountedVolume } from './volumes.ts';

/** Container `postgres`: Patroni, and PostgreSQL under it. */
export function postgresContainer(input: RenderInput, volumes: MountedVolume[]): Container {
  const { manifest, configuration } = input;
  const { spec } = manifest;
  return {
    name: 'postgres',
    image: isSet(spec.dockerImage) ? spec.dockerImage : configuration.docker_image,
    imagePullPolicy: 'IfNotPresent',
    ports: [8008, 5432, 8080].map((containerPort) => ({ containerPort, protocol: 'TCP' })),
    env: postgresEnvironment(input),
    ...(spec.envFrom === undefined ? {} : { envFrom: spec.envFrom }),
    resources: postgresResources(configuration, manifest).resources,
    volumeMounts: mountsOf(manifest, volumes, 'postgres'),
    ...(configuration.enable_readiness_probe ? { readinessProbe } : {}),
    ...(spec.livenessProbe === undefined ? {} : { livenessProbe: spec.livenessProbe }),
    securityContext: {
      allowPrivilegeEscalation: configuration.spilo_allow_privilege_escalation,
      privileged: configuration.spilo_privileged,
      readOnlyRootFilesystem: false,
    },
  };
}

/** Patroni's own opinion; timings as Zalando's operator has them. */
const readinessProbe = {
  httpGet: { path: '/readiness', port: 8008, scheme: 'HTTP' },
  initialDelaySeconds: 6,
  periodSeconds: 10,
  timeoutSeconds: 5,
  successThreshold: 1,
  failureThreshold: 3,
};

/** Containers beside `postgres`: they can reach the data volume and the database. */
export function sidecarContainers(input: RenderInput, volumes: MountedVolume[]): Container[] {
  const { manifest, configuration } = input;
  const { name } = identityOf(manifest);
  const superuser = configuration.super_username;
  return (manifest.spec.sidecars ?? []).map((sidecar, index) => {
    const containerName = isSet(sidecar.name) ? sidecar.name : `sidecar-${index}`;
    return {
      name: containerName,
      ...(isSet(sidecar.image) ? { image: sidecar.image } : {}),
      imagePullPolicy: 'IfNotPresent',
      ...(sidecar.command === undefined ? {} : { command: sidecar.command }),
      ports: (sidecar.ports ?? []).map((port) => ({ protocol: 'TCP', ...port })),
      env: firstWins([
        fromField('POD_NAME', 'metadata.name'),
        fromField('POD_NAMESPACE', 'metadata.namespace'),
        { name: 'POSTGRES_USER', value: superuser },
        fromSecret('POSTGRES_PASSWORD', secretName(configuration, name, superuser), 'password'),
        ...(sidecar.env ?? []),
      ]),
      resources: containerResources(configuration, sidecar.resources),
      volumeMounts: mountsOf(manifest, volumes, containerName),
    };
  });
}
