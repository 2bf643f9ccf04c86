#!/bin/sh
# Has Patroni take in the member's own configuration when its file changes. Runs beside Patroni as long as the container.
file=/etc/pgherd/postgresql.json
seen=$1
while sleep 2; do
    now=$(cksum "$file" 2>/dev/null)
    [ "$now" = "$seen" ] && continue
    # Until Patroni listens it would die of the signal; then it is tried again.
    node /usr/local/lib/pgherd/entrypoint.mjs reload $PPID && seen=$now
done
