/**
 * Extensions that do their work only when a library of theirs is in `shared_preload_libraries`, and its name. The
 * catalogue does not know it; the list is from the documentation of each. Extensions that merely gain something from
 * it (pg_prewarm, pg_partman) are not here.
 */
export const preloadLibraries: Readonly<Record<string, string>> = {
  bg_mon: 'bg_mon',
  citus: 'citus',
  credcheck: 'credcheck',
  pg_auth_mon: 'pg_auth_mon',
  pg_cron: 'pg_cron',
  pg_mon: 'pg_mon',
  pg_qualstats: 'pg_qualstats',
  pg_show_plans: 'pg_show_plans',
  pg_squeeze: 'pg_squeeze',
  pg_stat_kcache: 'pg_stat_kcache',
  pg_stat_statements: 'pg_stat_statements',
  pg_wait_sampling: 'pg_wait_sampling',
  pgaudit: 'pgaudit',
  pgauditlogtofile: 'pgauditlogtofile',
  pglogical: 'pglogical',
  pldbgapi: 'plugin_debugger',
  set_user: 'set_user',
  timescaledb: 'timescaledb',
};
