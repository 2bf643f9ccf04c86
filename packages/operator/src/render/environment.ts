import type { EnvVar } from '@pgherd/kube/objects';
import { secretName } from '../names.ts';
import { archiveEnvironment } from './archive-environment.ts';
import { cloneEnvironment, standbyEnvironment } from './bootstrap-environment.ts';
import { criticalOperationLabel } from './disruption-budgets.ts';
import { identityOf, postgresVersion, type RenderInput } from './input.ts';
import { apiEnvironment } from './patroni-api.ts';
import { spiloConfiguration } from './spilo-configuration.ts';
import { tlsFiles } from './tls.ts';
import { firstWins, fromField, fromSecret, isSet, sorted } from './variables.ts';

/**
 * Environment of container `postgres`, in Zalando's order, so that Spilo and pgherd's image read the same.
 * The first definition of a name wins, letter case aside.
 */
export function postgresEnvironment(input: RenderInput): EnvVar[] {
  const { manifest } = input;
  return firstWins([
    ...identity(input),
    ...kubernetesStore(input),
    ...(manifest.spec.env ?? []),
    ...cloneEnvironment(input),
    ...standbyEnvironment(input),
    ...sharedEnvironment(input),
    ...archiveEnvironment(input),
    ...tls(input),
  ]);
}

function identity(input: RenderInput): EnvVar[] {
  const { configuration, manifest } = input;
  const { name } = identityOf(manifest);
  const superuser = configuration.super_username;
  const replication = configuration.replication_username;
  return [
    { name: 'SCOPE', value: name },
    { name: 'PGROOT', value: '/home/postgres/pgdata/pgroot' },
    fromField('POD_IP', 'status.podIP'),
    fromField('POD_NAMESPACE', 'metadata.namespace'),
    { name: 'PGUSER_SUPERUSER', value: superuser },
    { name: 'KUBERNETES_SCOPE_LABEL', value: configuration.cluster_name_label },
    { name: 'KUBERNETES_ROLE_LABEL', value: configuration.pod_role_label },
    fromSecret('PGPASSWORD_SUPERUSER', secretName(configuration, name, superuser), 'password'),
    { name: 'PGUSER_STANDBY', value: replication },
    fromSecret('PGPASSWORD_STANDBY', secretName(configuration, name, replication), 'password'),
    { name: 'PAM_OAUTH2', value: configuration.pam_configuration },
    { name: 'HUMAN_ROLE', value: configuration.pam_role_name },
    ...(configuration.enable_spilo_wal_path_compat
      ? [{ name: 'ENABLE_WAL_PATH_COMPAT', value: 'true' }]
      : []),
    ...(configuration.enable_pgversion_env_var ? [{ name: 'PGVERSION', value: postgresVersion(input) }] : []),
    { name: 'KUBERNETES_LABELS', value: JSON.stringify(sorted(configuration.cluster_labels)) },
    ...apiEnvironment(input),
    { name: 'SPILO_CONFIGURATION', value: spiloConfiguration(input) },
  ];
}

/** `pod_environment_secret` and `pod_environment_configmap`: what every cluster's pods get, e.g. for its archive. */
function sharedEnvironment({ configuration, remembered }: RenderInput): EnvVar[] {
  const { secretKeys = [], values = {} } = remembered.podEnvironment ?? {};
  const secret = configuration.pod_environment_secret;
  return [
    ...[...secretKeys].sort().map((key) => fromSecret(key, secret, key)),
    ...Object.keys(values)
      .sort()
      .map((name) => ({ name, value: values[name] ?? '' })),
  ];
}

function kubernetesStore(input: RenderInput): EnvVar[] {
  const { configuration } = input;
  if (isSet(configuration.etcd_host)) return [{ name: 'ETCD_HOST', value: configuration.etcd_host }];
  return [
    { name: 'DCS_ENABLE_KUBERNETES_API', value: 'true' },
    ...(configuration.enable_pod_disruption_budget
      ? [{ name: 'KUBERNETES_BOOTSTRAP_LABELS', value: JSON.stringify({ [criticalOperationLabel]: 'true' }) }]
      : []),
    ...(configuration.kubernetes_use_configmaps
      ? [{ name: 'KUBERNETES_USE_CONFIGMAPS', value: 'true' }]
      : []),
  ];
}

function tls(input: RenderInput): EnvVar[] {
  const files = tlsFiles(input.manifest);
  if (files === undefined) return [];
  return [
    { name: 'SSL_CERTIFICATE_FILE', value: files.certificate },
    { name: 'SSL_PRIVATE_KEY_FILE', value: files.privateKey },
    ...(files.ca === undefined ? [] : [{ name: 'SSL_CA_FILE', value: files.ca }]),
  ];
}
