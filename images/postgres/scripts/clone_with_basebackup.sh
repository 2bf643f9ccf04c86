#!/bin/sh
# Custom bootstrap: fills the data directory from another running cluster. Patroni passes --scope and --datadir.
set -eu
for argument in "$@"; do
    case "$argument" in --datadir=*) data=${argument#--datadir=} ;; esac
done
: "${data:?--datadir is missing}"
export PGPASSWORD=$CLONE_PASSWORD
exec pg_basebackup --pgdata="$data" --wal-method=stream --checkpoint=fast --no-password \
    --dbname="host=$CLONE_HOST port=$CLONE_PORT user=$CLONE_USER dbname=replication sslmode=prefer"
