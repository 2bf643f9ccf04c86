import { createHash } from 'node:crypto';
import { poolerUserListAnnotation } from '../names.ts';
import type { UserList } from './input.ts';

/**
 * The list of users that a pooler gets from `wanted` lines. Running pods never see a changed list, because it is mounted as
 * a single file: they are replaced for a new `version`, which their template and the Secret carry as an annotation. The
 * Secret is written first, with both, so whoever is killed in between goes on with the template.
 *
 * What exists with the same lines stays as it is: Zalando's operator writes them in any order, and no version.
 */
export function userList(wanted: readonly string[], existing: UserList | undefined): UserList {
  const list = existing !== undefined && sameLines(existing.list, wanted) ? existing.list : wanted.join('');
  if (existing?.list === list && existing.version === undefined) return { list };
  return { list, version: versionOf(list) };
}

/** The version as an annotation. */
export function versionAnnotation({ version }: UserList): Record<string, string> {
  return version === undefined ? {} : { [poolerUserListAnnotation]: version };
}

function sameLines(list: string, wanted: readonly string[]): boolean {
  const lines = list.split(/(?<=\n)/);
  return lines.length === wanted.length && lines.toSorted().join('') === wanted.toSorted().join('');
}

/** Too short to try passwords with, even if the pooler's own, which is long and random, were known. */
function versionOf(list: string): string {
  return createHash('sha256').update(list).digest('hex').slice(0, 8);
}
