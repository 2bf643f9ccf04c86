import type { ConfigurationKey } from '@pgherd/api';

/**
 * Settings that the shipped configurations write out, as in a ConfigMap; all others are there as comments with their
 * defaults. What is written counts as somebody's wish, also for clusters that exist already. So nothing is here where
 * pgherd's default differs from Zalando's, and what Zalando's own samples and chart write has the same value.
 */
export const chosen: Partial<Record<ConfigurationKey, string>> = {
  watched_namespace: '*',
  workers: '8',
  resync_period: '30m',
  super_username: 'postgres',
  replication_username: 'standby',
  cluster_labels: 'application:spilo',
  cluster_name_label: 'cluster-name',
  pod_role_label: 'spilo-role',
  pod_service_account_name: 'postgres-pod',
  pod_terminate_grace_period: '5m',
  secret_name_template: '{username}.{cluster}.credentials.{tprkind}.{tprgroup}',
  storage_resize_mode: 'pvc',
  // Deleting a manifest by mistake must not cost the data.
  enable_persistent_volume_claim_deletion: 'false',
  default_cpu_request: '100m',
  default_memory_request: '100Mi',
  default_cpu_limit: '1',
  default_memory_limit: '500Mi',
  min_cpu_limit: '250m',
  min_memory_limit: '250Mi',
  logical_backup_s3_sse: 'AES256',
  enable_teams_api: 'false',
  api_port: '8080',
  connection_pooler_default_cpu_request: '500m',
  connection_pooler_default_memory_request: '100Mi',
  connection_pooler_default_cpu_limit: '1',
  connection_pooler_default_memory_limit: '100Mi',
};
