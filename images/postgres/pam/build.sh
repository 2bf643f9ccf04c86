#!/bin/sh
# Compiles the PAM module. $1: file to write; the rest: program and first arguments of the checker.
# CFLAGS are added.
set -eu
output=$1
shift
checker=
for word in "$@"; do checker="$checker\"$word\","; done
# shellcheck disable=SC2086
exec gcc ${CFLAGS-} -std=c17 -O2 -fPIC -shared -Wall -Wextra -Werror -Wconversion -Wshadow \
    -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection \
    -Wl,-z,relro,-z,now,-z,noexecstack,-z,defs "-DCHECKER=$checker" \
    -o "$output" "$(dirname "$0")/pam_oauth2.c" -lpam
