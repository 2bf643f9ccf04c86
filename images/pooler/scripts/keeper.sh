#!/bin/sh
# Pauses PgBouncer while its server changes, so that clients wait instead of failing, and ends each pause: when a server
# that does what this pooler is for answers to us, or at the latest when the pause has reached its limit.
# Runs for as long as the container does: `entrypoint.sh` starts it, and starts it again when it dies. Whoever asks
# (`pooler`, in the same folder) may die at any moment: the pause goes on and ends without him.
#
# $1 is PgBouncer's process. In $PGBOUNCER_DIRECTORY/pause:
#   request  what is asked for: ID VERB ROLE WAIT LIMIT FORCE LEAVING, see `pooler`
#   answer   what became of it: ID WORD...
#   state    there from before PAUSE until after RESUME: ID ROLE STARTED DEADLINE LEAVING BEFORE
#   wake     written to when there is a request
# Times are in hundredths of a second since the machine started: a clock that is set changes nothing.
set -u

pooler=$1
directory=${PGBOUNCER_DIRECTORY:-/run/pgbouncer}
port=${CONNECTION_POOLER_PORT:-5432}
cd "$directory/pause" || exit
exec 3<> wake

# However often a pause is asked for anew, clients wait no longer than this, which is well before PgBouncer gives them up.
longest=9000
# While the primary is the one of before, whoever asked has not done anything yet, or never will.
unchanged=$((${PGBOUNCER_PAUSE_UNCHANGED:-10} * 100))

# Ask the server as PgBouncer does: by the same name, with the same role, with TLS. It reads PGHOST, PGUSER and PGPASSWORD.
export PGPORT="${PGPORT:-5432}" PGDATABASE=postgres PGCONNECT_TIMEOUT=2 PGAPPNAME=pooler-pause PGSSLMODE=require
export PGSSLROOTCERT=/nonexistent
if [ -e "$directory/ca.crt" ]; then
  export PGSSLMODE=verify-ca PGSSLROOTCERT="$directory/ca.crt"
fi

say() {
  echo "pooler: $*"
}

set_now() {
  read -r now rest < /proc/uptime
  now=${now%.*}${now#*.}
}

# Files are written whole or not at all.
put() {
  echo "$2" > "$1.new" && mv "$1.new" "$1"
}

answer() {
  put answer "$id $*"
}

# PgBouncer's own console. Its own user may come without a password, over this socket only.
console() {
  timeout -s KILL "$1" psql -XAtqw -h "$directory" -p "$port" -U pgbouncer -d pgbouncer -c "$2" 2>&1
}

# Sets `seen` to the server that answers: whether it is in recovery, and which it is, or to nothing.
ask_server() {
  seen=$(timeout -s KILL 3 psql -XAtqw -F ' ' -c \
    "select pg_is_in_recovery(), host(inet_server_addr()), extract(epoch from pg_postmaster_start_time())" 2> /dev/null) ||
    seen=
}

# Whether `seen` is a server for this pooler.
fits() {
  case $role:$seen in primary:'f '* | replica:'t '*) ;; *) return 1 ;; esac
}

# Whether `seen` is one, and neither the primary of before nor one that goes away.
is_another() {
  fits || return 1
  [ "$role:$seen" != "primary:$before" ] || return 1
  case $leaving:$seen in all:* | *:*" $leaving "*) return 1 ;; esac
}

# Of several replicas, each answer may come from another one: so often in a row it must be none that goes away.
enough() {
  [ "$role" = primary ] || [ "$leaving" = - ] || [ "$others" -ge 5 ]
}

save() {
  put state "$id $role $started $deadline $leaving $before"
}

resume() {
  kill -USR2 "$pooler"
  rm -f state
  set_now
  waited=$(((now - started) * 10))
  answer "resumed $waited $1"
  say "resumed after $waited ms: $1"
}

# Sets what the request says. False: there is none.
take_request() {
  [ -e request ] || return 1
  mv request taken
  read -r id verb asked wait limit force away < taken
  rm -f taken
}

# PAUSE, for as long as transactions that run may take to end.
pause() {
  set_now
  started=$now deadline=$((now + limit * 100)) leaving=$away role=$asked
  ask_server
  before=$seen
  save
  said=$(console "$wait" PAUSE)
  case $?:$said in
  0:*) answer paused 0 ;;
  *'already suspended/paused'*)
    rm -f state
    answer held
    return
    ;;
  *)
    running=$(console 2 'SHOW SERVERS' | grep -c '|active|')
    if [ "$force" = 1 ]; then
      answer paused "$running"
    else
      kill -USR2 "$pooler"
      rm -f state
      answer busy "$running"
      say "not paused: $running transactions did not end within $wait s"
      return
    fi
    ;;
  esac
  say "paused, for ${limit} s at most"
}

# Until the pause is over.
hold() {
  others=0
  set_now
  began=$now
  while [ -e state ]; do
    if take_request; then
      case $verb in
      pause)
        # Somebody took over: his pause goes on from this one, and counts as the same.
        set_now
        began=$now
        deadline=$((now + limit * 100)) leaving=$away
        [ "$deadline" -le $((started + longest)) ] || deadline=$((started + longest))
        ask_server
        before=$seen
        save
        answer paused 0
        ;;
      resume)
        before='' leaving=-
        save
        ;;
      esac
    fi
    ask_server
    set_now
    if is_another; then others=$((others + 1)); else others=0; fi
    if [ "$others" -gt 0 ] && enough; then
      resume 'a server answers'
    elif [ "$now" -ge "$deadline" ]; then
      resume 'it reached its limit'
    elif [ "$role:$seen" = "primary:$before" ] && fits && [ "$now" -ge $((began + unchanged)) ]; then
      resume 'the server did not change'
    elif [ -n "$seen" ] && [ "$seen" = "$before" ]; then
      # It has yet to stop, and each question takes some of the machine from it.
      read -r -t 0.1 rest <&3
    else
      read -r -t 0.04 rest <&3
    fi
  done
}

# What is connected to a server that is none for this pooler any more lets go of it, when there is another one.
refresh() {
  set_now
  deadline=$((now + limit * 100)) role=$asked
  answer refreshing
  while [ ! -e request ]; do
    ask_server
    set_now
    if fits; then
      console 2 RECONNECT
      return
    fi
    [ "$now" -lt "$deadline" ] || return
    read -r -t 0.5 rest <&3
  done
}

# After a death of ours: nobody waits for an answer, and what happened meanwhile is not known.
if [ -e state ]; then
  read -r id role started deadline leaving before < state
  say 'going on with a pause'
  hold
fi
while :; do
  if take_request; then
    case $verb in
    pause) pause ;;
    resume) answer resumed 0 'it was not paused' ;;
    refresh) refresh ;;
    esac
    hold
  else
    read -r rest <&3
  fi
done
