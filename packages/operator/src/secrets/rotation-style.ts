import type { Configuration, Postgresql, Problem } from '@pgherd/api';
import { groupRole, userOf } from '../render/prepared.ts';
import type { RoleOrigin } from '../render/roles/cluster-role.ts';
import { fitsDate, type RotationStyle } from './rotation.ts';

/** A role with a Secret, as far as it decides about rotation. */
export interface RotatableRole {
  name: string;
  origin: RoleOrigin;
}

type Declared = { manifest: Postgresql; configuration: Configuration };

/**
 * How the password of a role is rotated; undefined when it is not. Its own lists come before the operator's
 * `enable_password_rotation`, which is for roles that the manifest declares and that own no database.
 */
export function rotationStyle(declared: Declared, role: RotatableRole): RotationStyle | undefined {
  const style = wantedStyle(declared, role);
  return style === 'new user' && !fitsDate(role.name) ? undefined : style;
}

function wantedStyle(declared: Declared, role: RotatableRole): RotationStyle | undefined {
  const { spec } = declared.manifest;
  const isIn = (list: readonly string[] | null | undefined) => list?.includes(role.name) === true;
  if (isIn(spec.usersIgnoringSecretRotation) || isGiven(role)) return undefined;
  if (isIn(spec.usersWithInPlaceSecretRotation)) return 'in place';
  if (!isIn(spec.usersWithSecretRotation) && !isRotatedByDefault(declared, role)) return undefined;
  // Patroni is told their names when a pod starts.
  return role.origin === 'system' ? 'in place' : 'new user';
}

/** How the names of the LOGIN roles end that are owners in prepared databases. */
const ownersUser = userOf(groupRole('', 'owner'));

/** Somebody else decides about its password. */
function isGiven({ origin }: RotatableRole): boolean {
  return origin === 'infrastructure' || origin === 'team';
}

function isRotatedByDefault({ configuration, manifest }: Declared, { name, origin }: RotatableRole): boolean {
  if (!configuration.enable_password_rotation) return false;
  if (origin !== 'manifest' && origin !== 'prepared') return false;
  // What its dated users made would be theirs, without default privileges, and the next one could not change it.
  if (origin === 'prepared' && name.endsWith(ownersUser)) return false;
  return !Object.values(manifest.spec.databases ?? {}).includes(name);
}

/** Where the lists of a manifest, or the length of a name, ask for what there is not. */
export function rotationNotices(declared: Declared, roles: readonly RotatableRole[]): Problem[] {
  const { manifest } = declared;
  const lists = ['usersWithSecretRotation', 'usersWithInPlaceSecretRotation'] as const;
  const named = lists.flatMap((list) =>
    (manifest.spec[list] ?? []).flatMap((name): Problem[] => {
      const message = complaint(
        list,
        name,
        roles.find((role) => role.name === name),
      );
      return message === undefined ? [] : [{ severity: 'warning', field: `spec.${list}`, message }];
    }),
  );
  const long = roles.filter((role) => wantedStyle(declared, role) === 'new user' && !fitsDate(role.name));
  return [
    ...named,
    ...long.map(({ name }): Problem => ({
      severity: 'warning',
      field: `spec.users.${name}`,
      message: `its password is not rotated: with a date at its end the name would be longer than PostgreSQL allows; add it to \`usersWithInPlaceSecretRotation\`, or rename it.`,
    })),
  ];
}

function complaint(list: string, name: string, role: RotatableRole | undefined): string | undefined {
  if (role === undefined) return `there is no role \`${name}\` with a Secret; remove it from the list.`;
  if (isGiven(role))
    return `the password of \`${name}\` is given by the operator's configuration and is not rotated; change it there, and remove \`${name}\` from the list.`;
  if (list === 'usersWithSecretRotation' && role.origin === 'system')
    return `\`${name}\` keeps its name, because Patroni uses it: its password is rotated in place; move it to \`usersWithInPlaceSecretRotation\`.`;
  return undefined;
}
