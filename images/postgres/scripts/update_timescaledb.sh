#!/bin/bash
# Runs on a new primary. A database whose TimescaleDB is older than the image's answers nothing until it is updated, and
# that must be the first statement of a session. Other extensions work in their old version: they are left to people.
# Nothing waits for a synchronous replica, which may not be there yet.
set -eu -o pipefail

# Names of databases go through the environment: in an option psql would read a connection string.
ask() {
    PGDATABASE=$1 PGOPTIONS="-c synchronous_commit=local -c search_path=pg_catalog $2" \
        psql --no-psqlrc --quiet --tuples-only --no-align --record-separator-zero --command "$3"
}

[[ $(ask postgres '' 'SHOW shared_preload_libraries' | tr -d '\0') == *timescaledb* ]] || exit 0

behind="SELECT true FROM pg_extension JOIN pg_available_extensions ON name = extname
         WHERE extname = 'timescaledb' AND extversion <> default_version"
ask postgres '' 'SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2' |
    while IFS= read -r -d '' database; do
        [[ $(ask "$database" '-c timescaledb.disable_load=on' "$behind" | tr -d '\0') == t ]] || continue
        ask "$database" '' 'ALTER EXTENSION timescaledb UPDATE' ||
            echo "TimescaleDB of database $database could not be updated" >&2
    done
