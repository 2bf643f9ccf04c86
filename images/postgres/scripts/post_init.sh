#!/bin/sh
# Runs on a new primary, at bootstrap and after each promotion, and may run again at any time.
# $1: group role of people. $2: connection string (at bootstrap, given by Patroni).
set -eu
human_role=$1
connection=${2:-"dbname=postgres"}

export PGOPTIONS="-c synchronous_commit=local -c search_path=pg_catalog"

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set human_role="$human_role" --dbname "$connection" <<'SQL'
\set QUIET on
SET client_min_messages = warning;

SELECT format('CREATE ROLE %I NOLOGIN', name)
  FROM unnest(ARRAY['admin', 'cron_admin', :'human_role', 'robot_zmon']) AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec
ALTER ROLE admin NOLOGIN CREATEDB NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT cron_admin TO admin;

SELECT format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', name, schema)
  FROM (VALUES ('pg_stat_statements', 'public'), ('pg_stat_kcache', 'public'), ('set_user', 'public'),
               ('pg_cron', 'pg_catalog')) AS wanted (name, schema)
 WHERE (wanted.name <> 'pg_cron' OR current_database() = current_setting('cron.database_name', true))
   AND EXISTS (SELECT FROM pg_available_extensions AS available WHERE available.name = wanted.name)
   AND wanted.name = ANY (string_to_array(replace(current_setting('shared_preload_libraries'), ' ', ''), ','))
\gexec
SELECT 'GRANT EXECUTE ON FUNCTION public.set_user(text) TO admin'
 WHERE to_regprocedure('public.set_user(text)') IS NOT NULL
\gexec
-- Jobs of cron_admin run as the member that made them, and only superusers can name another role.
SELECT 'GRANT USAGE ON SCHEMA cron TO cron_admin; GRANT SELECT ON cron.job, cron.job_run_details TO cron_admin'
 WHERE to_regclass('cron.job') IS NOT NULL
\gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO cron_admin', oid::regprocedure)
  FROM pg_proc
 WHERE pronamespace = to_regnamespace('cron') AND proname IN ('schedule_in_database', 'alter_job')
\gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO admin', member.objid::regprocedure)
  FROM pg_depend AS member
  JOIN pg_extension AS extension ON extension.oid = member.refobjid AND extension.extname = 'pg_stat_statements'
  JOIN pg_proc AS function ON function.oid = member.objid AND function.proname = 'pg_stat_statements_reset'
 WHERE member.classid = 'pg_proc'::regclass AND member.refclassid = 'pg_extension'::regclass AND member.deptype = 'e'
\gexec
GRANT EXECUTE ON FUNCTION pg_switch_wal() TO admin;
GRANT pg_read_all_stats TO robot_zmon;
SQL
