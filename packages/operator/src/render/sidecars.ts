import type { Configuration, Postgresql, Problem } from '@pgherd/api';
import type { Container } from '@pgherd/kube/objects';
import { secretName } from '../names.ts';
import { identityOf, type RenderInput } from './input.ts';
import { containerResources } from './resources.ts';
import { mountsOf, type MountedVolume } from './mounts.ts';
import { firstWins, fromField, fromSecret, ifSet, isSet } from './variables.ts';

type Declared = Pick<RenderInput, 'manifest' | 'configuration'>;
type ManifestSidecar = NonNullable<Postgresql['spec']['sidecars']>[number];

/** Where a sidecar comes from, for messages. */
interface Source {
  field: string;
  container: Container;
}

/** Containers beside `postgres`: they can reach the data volume and the database. */
export function sidecarContainers(input: RenderInput, volumes: MountedVolume[]): Container[] {
  const { manifest, configuration } = input;
  const superuser = configuration.super_username;
  const secret = secretName(configuration, identityOf(manifest).name, superuser);
  return mergedSidecars(input).containers.map((container) => {
    const own = container.volumeMounts ?? [];
    const paths = new Set(own.map(({ mountPath }) => mountPath));
    const shared = mountsOf(manifest, volumes, container.name);
    return {
      ...container,
      env: firstWins([
        fromField('POD_NAME', 'metadata.name'),
        fromField('POD_NAMESPACE', 'metadata.namespace'),
        { name: 'POSTGRES_USER', value: superuser },
        fromSecret('POSTGRES_PASSWORD', secret, 'password'),
        ...(container.env ?? []),
      ]),
      volumeMounts: [...own, ...shared.filter(({ mountPath }) => !paths.has(mountPath))],
    };
  });
}

/** Sidecars that are left out because another container has their name. */
export function sidecarProblems(input: Declared): Problem[] {
  return mergedSidecars(input).problems;
}

/** The manifest's sidecars, then the operator's; of several with one name the first is taken. */
function mergedSidecars(input: Declared): { containers: Container[]; problems: Problem[] } {
  const { manifest, configuration } = input;
  const taken = new Map([['postgres', 'the database container']]);
  for (const { name } of manifest.spec.initContainers ?? []) taken.set(name, 'an init container');
  const containers: Container[] = [];
  const problems: Problem[] = [];
  for (const { field, container } of allSidecars(manifest, configuration)) {
    const other = taken.get(container.name);
    if (other === undefined) {
      taken.set(container.name, field);
      containers.push(container);
    } else {
      const message = `the sidecar \`${container.name}\` is left out, because ${other} has the same name.`;
      problems.push({ severity: 'warning', field, message });
    }
  }
  return { containers, problems };
}

function allSidecars(manifest: Postgresql, configuration: Configuration): Source[] {
  const images = Object.entries(configuration.sidecar_docker_images).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...(manifest.spec.sidecars ?? []).map((sidecar, index) => ({
      field: `spec.sidecars[${index}].name`,
      container: manifestSidecar(configuration, sidecar, index),
    })),
    ...configuration.sidecars.map((container) => ({
      field: 'sidecars',
      container: withPortProtocols(container),
    })),
    ...images.map(([name, image]) => ({
      field: 'sidecar_docker_images',
      container: manifestSidecar(configuration, { name, image }, 0),
    })),
    ...scalyr(manifest, configuration).map((container) => ({ field: 'scalyr_image', container })),
  ];
}

function manifestSidecar(configuration: Configuration, sidecar: ManifestSidecar, index: number): Container {
  const { name, image, command, ports, env, resources } = sidecar;
  return withPortProtocols({
    name: isSet(name) ? name : `sidecar-${index}`,
    ...(isSet(image) ? { image } : {}),
    imagePullPolicy: 'IfNotPresent',
    ...(command === undefined ? {} : { command }),
    ...(ports === undefined ? {} : { ports }),
    ...(env === undefined ? {} : { env }),
    resources: containerResources(configuration, resources),
  });
}

/** The log shipper, only with both an image and a key. The key is in clear text, as it has always been. */
function scalyr(manifest: Postgresql, configuration: Configuration): Container[] {
  const { scalyr_image: image, scalyr_api_key: key, scalyr_server_url: server } = configuration;
  if (!isSet(image) || !isSet(key)) return [];
  const defaults = {
    requests: { cpu: configuration.scalyr_cpu_request, memory: configuration.scalyr_memory_request },
    limits: { cpu: configuration.scalyr_cpu_limit, memory: configuration.scalyr_memory_limit },
  };
  const sidecar = {
    name: 'scalyr-sidecar',
    image,
    imagePullPolicy: 'IfNotPresent',
    env: [
      { name: 'SCALYR_API_KEY', value: key },
      { name: 'SCALYR_SERVER_HOST', value: identityOf(manifest).name },
      ...ifSet('SCALYR_SERVER_URL', server),
    ],
    resources: containerResources(configuration, undefined, defaults),
  };
  return [sidecar];
}

/** Kubernetes' default written out: ports are told apart by number and protocol. */
export function withPortProtocols(container: Container): Container {
  if (container.ports === undefined) return container;
  return { ...container, ports: container.ports.map((port) => ({ protocol: 'TCP', ...port })) };
}
