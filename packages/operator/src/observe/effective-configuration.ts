import type { Configuration, ConfigurationKey } from '@pgherd/api';
import type { Container, CronJob, Deployment, PodSpec, Service } from '@pgherd/kube/objects';
import { kinds } from '../kinds.ts';
import { primaryServiceName } from '../names.ts';
import type { Settings } from '../settings.ts';
import { find, isStreaming, leaderOf, type Member, type Observed } from './observed.ts';
import { settledPodSpec, presentStore } from './remembered.ts';

/** Objects of an existing cluster that tell what it was made with. */
interface Existing {
  pod: PodSpec;
  postgres: Container;
  primaryService: Service | undefined;
  /** Image of the first container of this name in a Deployment or CronJob of the cluster. */
  imageOf: (container: string) => string | undefined;
  /** The primary's image, while no member runs with that of `postgres`. */
  primaryImage: string | undefined;
}

/**
 * What an existing cluster has, for every key whose default is not the one that it may have been made with: that of
 * Zalando's operator in any of its versions, or of an earlier pgherd.
 */
const kept: { [K in ConfigurationKey]?: (existing: Existing) => Configuration[K] | undefined } = {
  docker_image: ({ postgres, primaryImage }) => primaryImage ?? postgres.image,
  connection_pooler_image: ({ imageOf }) => imageOf('connection-pooler'),
  logical_backup_docker_image: ({ imageOf }) => imageOf('logical-backup'),
  spilo_allow_privilege_escalation: ({ postgres }) =>
    // Kubernetes' default for a container that does not say.
    postgres.securityContext?.allowPrivilegeEscalation ?? true,
  enable_master_load_balancer: ({ primaryService }) =>
    primaryService === undefined ? undefined : primaryService.spec?.type === 'LoadBalancer',
};

/** Keys of which "not there" is what an existing cluster may have: its pods run as their image says. */
const keptOrAbsent: { [K in ConfigurationKey]?: (existing: Existing) => Configuration[K] } = {
  spilo_runasuser: ({ pod }) => pod.securityContext?.runAsUser,
  spilo_runasgroup: ({ pod }) => pod.securityContext?.runAsGroup,
  spilo_fsgroup: ({ pod }) => pod.securityContext?.fsGroup,
};

/** All keys that an existing cluster keeps its own value of, until somebody writes another one. */
export const keptKeys: readonly ConfigurationKey[] = [
  ...(Object.keys({ ...kept, ...keptOrAbsent }) as ConfigurationKey[]),
  'kubernetes_use_configmaps',
  'enable_patroni_api_tls',
];

/**
 * The configuration that holds for one cluster. pgherd's defaults are for new clusters: an existing one keeps what it
 * has until the configuration names something else (the manifest always wins where it is read). Patroni's store stays
 * even then, because no member may write to another one than the rest; it is moved while there are none.
 */
export function effectiveConfiguration(settings: Settings, observed: Observed): Configuration {
  const { configuration, named } = settings;
  const effective = {
    ...configuration,
    kubernetes_use_configmaps: presentStore(configuration, observed) === 'configmaps',
  };
  const pod = settledPodSpec(configuration, observed);
  const postgres = pod?.containers.find(({ name }) => name === 'postgres');
  if (pod === undefined || postgres === undefined) return effective;
  const primaryService = find(observed, kinds.service, primaryServiceName(observed.name));
  const existing = {
    pod,
    postgres,
    primaryService: primaryService as Service | undefined,
    imageOf: (container: string) => imageOf(observed, container),
    primaryImage: imageBeforeFailure(observed, postgres.image),
  };
  const values: Record<string, unknown> = {};
  for (const [key, read] of Object.entries(keptOrAbsent)) values[key] = read(existing);
  for (const [key, read] of Object.entries(kept))
    values[key] = read(existing) ?? configuration[key as ConfigurationKey];
  for (const key of named) delete values[key];
  return { ...effective, ...values };
}

function imageOf({ objects }: Observed, container: string): string | undefined {
  for (const [key, object] of objects) {
    const pod = key.startsWith(`${kinds.deployment.plural}/`)
      ? (object as Deployment).spec?.template.spec
      : key.startsWith(`${kinds.cronJob.plural}/`)
        ? (object as CronJob).spec?.jobTemplate.spec?.template.spec
        : undefined;
    const found = pod?.containers.find(({ name }) => name === container);
    if (found?.image !== undefined) return found.image;
  }
  return undefined;
}

/**
 * The primary's image, when members were started with `image` and none of them came up: whoever takes the line away that
 * named a bad image wants the one from before.
 */
function imageBeforeFailure(observed: Observed, image: string | undefined): string | undefined {
  const imageOfMember = ({ pod }: Member) =>
    pod.spec?.containers.find(({ name }) => name === 'postgres')?.image;
  const leader = leaderOf(observed);
  if (leader === undefined || !isStreaming(observed, leader)) return undefined;
  const tried = observed.members.filter((member) => imageOfMember(member) === image);
  const failed = tried.length > 0 && !tried.some((member) => isStreaming(observed, member));
  return failed ? imageOfMember(leader) : undefined;
}
