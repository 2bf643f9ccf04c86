import type { Problem } from '../problem.ts';
import type { Configuration, ConfigurationKey } from './keys.ts';

/** What is wrong with a configuration that no single setting can say. */
export function contradictions(configuration: Configuration): Problem[] {
  const problems: Problem[] = [];
  const error = (field: ConfigurationKey, message: string): void => {
    problems.push({ severity: 'error', field, message });
  };
  const { min_instances, max_instances, super_username } = configuration;
  if (min_instances > 0 && max_instances > 0 && min_instances > max_instances)
    error(
      'min_instances',
      `it is ${min_instances} and must not exceed max_instances, which is ${max_instances}.`,
    );
  for (const name of ['replication_username', 'connection_pooler_user'] as const)
    if (configuration[name] === super_username)
      error(name, `it is \`${super_username}\` and must be another role than super_username.`);
  const { additional_secret_mount: secret, additional_secret_mount_path: path } = configuration;
  if (secret !== '' && (!path.startsWith('/') || path.includes(':')))
    error(
      'additional_secret_mount_path',
      `it is \`${path}\` and must be an absolute path, where \`${secret}\` is mounted (additional_secret_mount).`,
    );
  if (configuration.enable_ebs_gp3_migration && configuration.storage_resize_mode !== 'mixed')
    problems.push({
      severity: 'warning',
      field: 'enable_ebs_gp3_migration',
      message: `nothing comes of it, because storage_resize_mode is ${configuration.storage_resize_mode}; it takes mixed.`,
    });
  return problems;
}
