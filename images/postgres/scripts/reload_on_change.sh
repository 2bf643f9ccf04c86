#!/bin/sh
# Makes Patroni, and through it PostgreSQL, read its files again when one of them has changed, as Kubernetes changes mounted
# Secrets in place. Usage: reload_on_change.sh SECONDS PORT FILE...
seconds=$1
port=$2
shift 2
sum() { cat -- "$@" 2>/dev/null | sha256sum; }
known=$(sum "$@")
while sleep "$seconds"; do
    now=$(sum "$@")
    [ "$now" = "$known" ] && continue
    # Until its REST API listens, Patroni would die of the signal; it reads the new files by itself then.
    bash -c ": </dev/tcp/127.0.0.1/$port" 2>/dev/null || continue
    known=$now
    echo "$(date -u +%FT%TZ) INFO: certificates have changed: reloading" >&2
    # The supervisor passes it on.
    kill -HUP "$PPID"
done
