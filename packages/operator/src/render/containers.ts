import type { Configuration } from '@pgherd/api';
import type { Container } from '@pgherd/kube/objects';
import { postgresEnvironment } from './environment.ts';
import type { RenderInput } from './input.ts';
import { postgresResources } from './resources.ts';
import { apiProbe } from './patroni-api.ts';
import { mountsOf, type MountedVolume } from './mounts.ts';
import { isSet } from './variables.ts';

/** Patroni, PostgreSQL and the metrics of bg_mon; backups have the same, as Zalando's have. */
export const containerPorts = [8008, 5432, 8080].map((containerPort) => ({ containerPort, protocol: 'TCP' }));

/** Rights of the processes in database containers and in backups. */
export function containerSecurity(configuration: Configuration): NonNullable<Container['securityContext']> {
  return {
    allowPrivilegeEscalation: configuration.spilo_allow_privilege_escalation,
    privileged: configuration.spilo_privileged,
    readOnlyRootFilesystem: false,
  };
}

/** Container `postgres`: Patroni, and PostgreSQL under it. */
export function postgresContainer(input: RenderInput, volumes: MountedVolume[]): Container {
  const { manifest, configuration } = input;
  const { spec } = manifest;
  const livenessProbe = spec.livenessProbe ?? configuration.liveness_probe;
  const capabilities = configuration.additional_pod_capabilities.map((name) => name.toUpperCase());
  return {
    name: 'postgres',
    image: isSet(spec.dockerImage) ? spec.dockerImage : configuration.docker_image,
    imagePullPolicy: 'IfNotPresent',
    ports: containerPorts,
    env: postgresEnvironment(input),
    ...(spec.envFrom === undefined ? {} : { envFrom: spec.envFrom }),
    resources: postgresResources(configuration, manifest).resources,
    volumeMounts: mountsOf(manifest, volumes, 'postgres'),
    ...(configuration.enable_readiness_probe ? { readinessProbe: apiProbe(input, readinessProbe) } : {}),
    ...(livenessProbe === undefined ? {} : { livenessProbe: apiProbe(input, livenessProbe) }),
    securityContext: {
      ...containerSecurity(configuration),
      ...(capabilities.length > 0 ? { capabilities: { add: capabilities } } : {}),
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
