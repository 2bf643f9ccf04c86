#!/bin/sh
# First process of the pooler's container: writes the configuration, starts PgBouncer, has it read files that change, has
# somebody look after its pauses, and ends it so that no transaction breaks. What it writes is in $PGBOUNCER_DIRECTORY.
set -eu
umask 077

scripts=$(dirname "$0")
directory=${PGBOUNCER_DIRECTORY:-/run/pgbouncer}
ini=$directory/pgbouncer.ini
# For how long a pod that ends still takes new clients: until everybody knows that its Service no longer leads here.
stop_delay=${PGBOUNCER_STOP_DELAY:-5}
# How often files are compared. Kubernetes itself takes about a minute to bring a changed Secret into a pod.
check_every=${PGBOUNCER_CHECK_EVERY:-10}

say() {
  echo "pooler: $*"
}

# The first signal ends PgBouncer when its transactions are over, the second at once. The first process of a container
# does not get signals that it does not catch, so this stands before anything that takes time.
asked=0
pooler=
ending=
asked_to_end() {
  asked=$((asked + 1))
  if [ "$asked" -gt 1 ] && [ -n "$pooler" ]; then
    kill -QUIT "$pooler" 2> /dev/null || true
  else
    begin_to_end
  fi
}
trap asked_to_end TERM INT

begin_to_end() {
  [ -n "$pooler" ] && [ -z "$ending" ] || return 0
  ending=yes
  say 'ending: no new clients soon, running transactions end first'
  end &
}

fail() {
  echo "pooler: $*" >&2
  exit 64
}

needs() {
  [ -r "$1" ] || fail "cannot read $1 ($2); uid $(id -u), groups $(id -G). A Secret needs the pod's fsGroup to be read."
}

# Where everything is, and what was not given.
find_files() {
  users=/etc/pgbouncer/userlist.txt
  if [ -e "$users" ]; then
    needs "$users" 'the list of users'
  else
    users=$directory/userlist.txt
    write_users > "$users"
  fi
  certificate=${CONNECTION_POOLER_CLIENT_TLS_CRT:-}
  key=${CONNECTION_POOLER_CLIENT_TLS_KEY:-}
  ca=${CONNECTION_POOLER_CLIENT_CA_FILE:-}
  if [ -n "$certificate" ]; then
    [ -n "$key" ] || fail 'CONNECTION_POOLER_CLIENT_TLS_KEY is missing beside CONNECTION_POOLER_CLIENT_TLS_CRT'
    needs "$certificate" CONNECTION_POOLER_CLIENT_TLS_CRT
    needs "$key" CONNECTION_POOLER_CLIENT_TLS_KEY
    [ -z "$ca" ] || needs "$ca" CONNECTION_POOLER_CLIENT_CA_FILE
  else
    certificate=$directory/tls.crt
    key=$directory/tls.key
    ca=
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=pooler' \
      -keyout "$key" -out "$certificate" 2> "$directory/openssl.log" || fail "$(cat "$directory/openssl.log")"
  fi
}

# The list of users for whoever runs the image without one.
write_users() {
  for name in PGUSER PGPASSWORD; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || fail "the environment variable $name is missing, and so is $users"
    case $value in *[[:cntrl:]]*) fail "the environment variable $name must be one line" ;; esac
    printf '"%s" ' "$(printf %s "$value" | sed 's/"/""/g')"
  done
  echo
}

# The server has the same certificate as we: if our CA did not sign it, it can tell nothing about the server. CAs from
# before are believed for as long as the pod lives, because a server may go on showing its old certificate for a while.
trust() {
  trusted=
  [ -n "$ca" ] || return 0
  if openssl verify -CAfile "$ca" -untrusted "$certificate" "$certificate" > /dev/null 2>&1; then
    trusted=$directory/ca.crt
    cp "$ca" "$directory/ca-$(sha256sum < "$ca" | cut -c 1-16)"
    cat "$directory"/ca-* > "$trusted.new"
    mv "$trusted.new" "$trusted"
  else
    say "$ca did not sign $certificate: certificates of servers are not checked"
  fi
}

configure() {
  trust
  USERS=$users CERTIFICATE=$certificate KEY=$key SERVER_CA=$trusted "$scripts/configuration.sh" > "$ini.new" || return 64
  mv "$ini.new" "$ini"
}

fingerprint() {
  sha256sum "$users" "$certificate" "$key" ${ca:+"$ca"} 2> /dev/null || true
}

usable() {
  of_certificate=$(openssl x509 -noout -pubkey -in "$certificate" 2> /dev/null) || return 1
  of_key=$(openssl pkey -pubout -in "$key" 2> /dev/null) || return 1
  [ "$of_certificate" = "$of_key" ]
}

reload_when_changed() {
  known=$1
  while sleep "$check_every"; do
    now=$(fingerprint)
    [ "$now" != "$known" ] || continue
    known=$now
    if usable; then
      say 'a file changed: reading all of them again'
      configure && kill -HUP "$2"
    else
      say "$key is not the key of $certificate: going on with those from before"
    fi
  done
}

# Whether anybody is connected to our port.
has_clients() {
  port=$(printf ':%04X' "${CONNECTION_POOLER_PORT:-5432}")
  cat /proc/net/tcp /proc/net/tcp6 2> /dev/null |
    awk -v port="$port" '$4 == "01" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }'
}

# PgBouncer waits for its server connections, which may take long when a server is gone. Without clients nobody needs them.
# While it is paused, clients wait for it: it goes on ending when these have been served.
end() {
  sleep "$stop_delay"
  while [ -e "$directory/pause/state" ]; do sleep "$stop_delay"; done
  kill -INT "$pooler" 2> /dev/null || return 0
  sleep 2
  while has_clients; do sleep 1; done
  kill -QUIT "$pooler" 2> /dev/null || return 0
}

# Ends pauses of PgBouncer whatever happens to who asked for them; see there.
keep() {
  while :; do
    "$scripts/keeper.sh" "$pooler" || true
    sleep 1
  done &
  keeper=$!
}

mkdir -p "$directory" && [ -w "$directory" ] || fail "cannot write to $directory; uid $(id -u), groups $(id -G)"
rm -rf "$directory/pause"
mkdir "$directory/pause"
mkfifo "$directory/pause/wake"
exec 3<> "$directory/pause/wake"
find_files
start=$(fingerprint)
configure || exit

[ "$asked" -eq 0 ] || exit 0
pgbouncer "$ini" 2>&1 &
pooler=$!
# Asked just now: nobody knew then whom to end.
[ "$asked" -eq 0 ] || begin_to_end
reload_when_changed "$start" "$pooler" &
watcher=$!
keep

# `wait` also returns when a signal comes. busybox's `wait -n` waits for all.
while
  code=0
  wait "$pooler" || code=$?
  kill -0 "$pooler" 2> /dev/null
do
  :
done
kill "$watcher" "$keeper" 2> /dev/null || true
exit "$code"
