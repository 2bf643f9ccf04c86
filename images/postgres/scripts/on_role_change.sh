#!/bin/sh
# Patroni's callback. $1: group role of people, $2: next callback, then action, role and cluster from Patroni.
human_role=$1
next=$2
shift 2
"$next" "$@" || true

[ "$1" = on_role_change ] || exit 0
case "$2" in primary | promoted | master) ;; *) exit 0 ;; esac

# The callback comes before recovery has ended. In the background, because Patroni waits for the next role's callback.
(
    tries=0
    while [ "$(psql -XAtq -d postgres -c 'SELECT pg_is_in_recovery()' 2>/dev/null)" != f ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 150 ] || exit 1
        sleep 0.2
    done
    /scripts/update_timescaledb.sh || echo "update_timescaledb failed after promotion" >&2
    /scripts/post_init.sh "$human_role" || echo "post_init failed after promotion" >&2
) &
