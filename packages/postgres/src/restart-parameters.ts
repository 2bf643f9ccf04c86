/**
 * Parameters that PostgreSQL takes in only at its start (context `postmaster`), of the versions 14 to 18:
 * `postgres --describe-config`, and pg_settings for those of other versions. Parameters of extensions are not among
 * them; of those Patroni says it after the change.
 */
const restartParameters = new Set([
  'archive_mode',
  'autovacuum_freeze_max_age',
  'autovacuum_multixact_freeze_max_age',
  'autovacuum_worker_slots',
  'bonjour',
  'bonjour_name',
  'commit_timestamp_buffers',
  'data_sync_retry',
  'dynamic_shared_memory_type',
  'event_source',
  'huge_page_size',
  'huge_pages',
  'io_max_combine_limit',
  'io_max_concurrency',
  'io_method',
  'jit_provider',
  'logging_collector',
  'max_active_replication_origins',
  'max_connections',
  'max_files_per_process',
  'max_locks_per_transaction',
  'max_logical_replication_workers',
  'max_notify_queue_pages',
  'max_pred_locks_per_transaction',
  'max_prepared_transactions',
  'max_replication_slots',
  'max_wal_senders',
  'max_worker_processes',
  'min_dynamic_shared_memory',
  'multixact_member_buffers',
  'multixact_offset_buffers',
  'notify_buffers',
  'old_snapshot_threshold',
  'reserved_connections',
  'serializable_buffers',
  'shared_buffers',
  'shared_memory_type',
  'shared_preload_libraries',
  'subtransaction_buffers',
  'superuser_reserved_connections',
  'track_activity_query_size',
  'track_commit_timestamp',
  'transaction_buffers',
  'unix_socket_directories',
  'unix_socket_group',
  'unix_socket_permissions',
  'wal_buffers',
  'wal_decode_buffer_size',
  'wal_level',
]);

/** Whether a changed value of this parameter needs a restart. `version` is the major one, e.g. `17`. */
export function needsRestart(parameter: string, version: string): boolean {
  // PostgreSQL 18 made it changeable at run time, within autovacuum_worker_slots.
  if (parameter === 'autovacuum_max_workers') return Number(version) < 18;
  return restartParameters.has(parameter);
}

/**
 * Parameters that a replica refuses to run with when they are lower than the primary's:
 * https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-ADMIN
 */
export const sharedParameters: readonly string[] = [
  'max_connections',
  'max_prepared_transactions',
  'max_locks_per_transaction',
  'max_worker_processes',
  'max_wal_senders',
];
