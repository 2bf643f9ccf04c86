import { array, boolean, map, nullable, object, oneOf, string } from '../schema/node.ts';

const attributes = [
  'bypassrls',
  'createdb',
  'createrole',
  'inherit',
  'login',
  'replication',
  'superuser',
] as const;

type Attribute = (typeof attributes)[number];

/** A role attribute as the manifest writes it: `createdb`, `nocreatedb`, `CREATEDB`, `NOCREATEDB`. */
export type UserFlag = Attribute | `no${Attribute}` | Uppercase<Attribute | `no${Attribute}`>;

/** Every word that may stand in the list of a user. */
export const userFlags: UserFlag[] = attributes
  .flatMap((name): (Attribute | `no${Attribute}`)[] => [name, `no${name}`])
  .flatMap((name): UserFlag[] => [name, name.toUpperCase() as Uppercase<typeof name>]);

const preparedSchema = object('One schema of a prepared database.', {
  defaultRoles: boolean(
    'Whether the schema gets owner, reader and writer roles of its own. Without it true.',
  ),
  defaultUsers: boolean('Whether these roles also get LOGIN roles with passwords. Without it false.'),
});

const preparedDatabase = object('One prepared database.', {
  defaultUsers: boolean('Whether the owner, reader and writer roles also get LOGIN roles with passwords.'),
  extensions: map(
    'Extensions to create, each with the schema that it belongs to.',
    string('Schema of the extension.'),
  ),
  schemas: map('Schemas to create. Without any there is one called `data`.', preparedSchema),
  secretNamespace: string(
    "Namespace of the Secrets of its LOGIN roles, instead of the cluster's; only if the operator has `enable_cross_namespace_secret`.",
  ),
});

function userList(description: string) {
  return nullable(array(description, string('Name of a role.')));
}

/** Members of `spec` that are about roles and databases inside PostgreSQL. */
export const roleMembers = {
  users: map(
    'Roles that applications log in with: name and attributes. Each gets a Secret with its password.',
    nullable(
      array(
        'Attributes of the role, without which it can log in and nothing else.',
        oneOf<UserFlag>('A role attribute, or its opposite with `no` in front.', userFlags),
      ),
    ),
  ),
  usersIgnoringSecretRotation: userList('Roles whose passwords are never changed by rotation.'),
  usersWithSecretRotation: userList(
    'Roles whose Secret gets a new user name and password at every rotation, even if the operator does not rotate.',
  ),
  usersWithInPlaceSecretRotation: userList(
    'Roles whose password changes at every rotation while the user name stays.',
  ),
  databases: map(
    'Databases to create, each with the role that owns it. A database that disappears from here is not dropped.',
    string('Role that owns the database.'),
  ),
  preparedDatabases: map(
    'Databases to create together with schemas, extensions and owner, reader and writer roles. `{}` means one called like the cluster, with `_` for `-`.',
    preparedDatabase,
  ),
};
