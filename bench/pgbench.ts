import { globSync } from 'node:fs';

/** The newest pgbench of Debian's package; throws when there is none. */
export function findPgbench(): string {
  const [pgbench] = globSync('/usr/lib/postgresql/*/bin/pgbench').toReversed();
  if (pgbench === undefined)
    throw new Error('no pgbench in /usr/lib/postgresql; install the package `postgresql`');
  return pgbench;
}
