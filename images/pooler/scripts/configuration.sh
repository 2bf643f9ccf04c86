#!/bin/sh
# Prints pgbouncer.ini. Reads the environment variables of Zalando's image of PgBouncer, and of its caller:
#   USERS        the file of users
#   CERTIFICATE  what clients are shown, with KEY
#   SERVER_CA    the server's certificate must be signed by one of these; empty: it is not looked at
# A value ends with its line and has no quotes in PgBouncer's ini files, so whatever does not fit is refused here.
set -euf

fail() {
  echo "pooler: $*" >&2
  exit 64
}

# Sets `value` to the variable $1, or to $2 when that is not set or empty.
read_text() {
  eval "value=\${$1:-}"
  value=${value:-${2:-}}
  [ -n "$value" ] || fail "the environment variable $1 is missing"
  case $value in *[[:cntrl:]]*) fail "the environment variable $1 must be one line, without control characters" ;; esac
}

read_number() {
  read_text "$@"
  case $value in *[!0-9]* | ??????????*) fail "the environment variable $1 must be a whole number, and is \"$value\"" ;; esac
}

# $1 as a value of a connection string.
quoted() {
  printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"
}

# Of the names in $1, with commas between them, those that PgBouncer can have in a list: it ends a name at a space.
listable() {
  old_ifs=$IFS
  IFS=,
  list=
  for name in $1; do
    case $name in
    '') ;;
    *[[:space:][:cntrl:]]*) echo "pooler: \"$name\" may not look into PgBouncer: it has a space in its name" >&2 ;;
    *) list=${list:+$list,}$name ;;
    esac
  done
  IFS=$old_ifs
  printf %s "$list"
}

read_text PGHOST && host=$value
read_number PGPORT 5432 && server_port=$value
read_text PGUSER && user=$value
read_text PGSCHEMA pooler && schema=$value
read_number CONNECTION_POOLER_PORT 5432 && port=$value
read_text CONNECTION_POOLER_MODE transaction && mode=$value
case $mode in
session | transaction | statement) ;;
*) fail "CONNECTION_POOLER_MODE must be session, transaction or statement, and is \"$mode\"" ;;
esac
read_number CONNECTION_POOLER_DEFAULT_SIZE 15 && pool=$value
read_number CONNECTION_POOLER_RESERVE_SIZE 7 && reserve=$value
read_number CONNECTION_POOLER_MAX_CLIENT_CONN 10000 && clients=$value
read_number CONNECTION_POOLER_MAX_DB_CONN 30 && connections=$value

# A comma would make two names of one, and each of them an administrator.
case $user in
*,*)
  echo "pooler: \"$user\" may not look into PgBouncer: it has a comma in its name" >&2
  administrator=
  ;;
*) administrator=$(listable "$user") ;;
esac

server="host=$(quoted "$host") port=$server_port auth_user=$(quoted "$user")"
server_tls=require
[ -z "$SERVER_CA" ] || server_tls=verify-ca
lookup="\"$(printf %s "$schema" | sed 's/"/""/g')\".user_lookup"

cat <<INI
[databases]
* = $server
postgres = $server

[pgbouncer]
listen_addr = *
listen_port = $port
# Only the keeper of pauses comes this way, as PgBouncer's own user.
unix_socket_dir = ${PGBOUNCER_DIRECTORY:-/run/pgbouncer}
unix_socket_mode = 0700
pool_mode = $mode
default_pool_size = $pool
reserve_pool_size = $reserve
max_client_conn = $clients
max_db_connections = $connections
max_prepared_statements = 200
ignore_startup_parameters = extra_float_digits,options

admin_users = $administrator
stats_users = $(listable "${INFRASTRUCTURE_ROLES:-}")
auth_type = md5
auth_file = $USERS
auth_dbname = postgres
# For somebody who does not exist the function answers with nulls. A null for the name would be a mistake in the
# configuration to PgBouncer; one for the password is a login that fails.
auth_query = SELECT \$1::text, phash FROM $lookup(\$1)

client_tls_sslmode = require
client_tls_cert_file = $CERTIFICATE
client_tls_key_file = $KEY
# PgBouncer does not start without it, although nobody's certificate is checked.
client_tls_ca_file = $CERTIFICATE
client_tls_protocols = secure
server_tls_sslmode = $server_tls
server_tls_ca_file = ${SERVER_CA:-$CERTIFICATE}
server_tls_protocols = secure

# A primary that takes over is found at once; a machine that is gone is noticed, also in the middle of a query.
server_login_retry = 0.3
# After a login that failed, PgBouncer refuses whoever comes until one succeeds. So there is always one that is tried for
# those who are connected.
min_pool_size = 1
server_connect_timeout = 5
tcp_keepidle = 30
tcp_keepintvl = 10
tcp_keepcnt = 3
tcp_user_timeout = 60000

idle_transaction_timeout = 600
# Pauses are shorter.
query_wait_timeout = 120
client_login_timeout = 120
log_connections = 0
log_disconnections = 0
INI
