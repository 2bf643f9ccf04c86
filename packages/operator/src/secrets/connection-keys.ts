import { isVerifier } from '@pgherd/postgres';

/** Where clients find the database of a role, and as whom they log in. */
export interface ConnectionTarget {
  host: string;
  /** Through the pooler, where the cluster has one that the role may use. */
  poolerHost?: string;
  /** Database that the role is for; missing: none is known, and clients are led to `postgres`. */
  database?: string;
  username: string;
  password: string;
}

/** Port of every Service of a cluster. */
const port = '5432';

/** Keys of a role's Secret that follow from others, in the order in which they are written down. */
export const connectionKeys = [
  'host',
  'port',
  'dbname',
  'uri',
  'jdbc-uri',
  'pooler-host',
  'pooler-uri',
  'pooler-jdbc-uri',
] as const;

export type ConnectionKey = (typeof connectionKeys)[number];

/**
 * The keys of a role's Secret beside `username` and `password` that clients connect with.
 * `uri`: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 * `jdbc-uri`: https://jdbc.postgresql.org/documentation/use/#connecting-to-the-database
 */
export function connectionKeysOf(target: ConnectionTarget): Partial<Record<ConnectionKey, string>> {
  const { host, poolerHost, database, password } = target;
  const hosts = {
    host,
    port,
    ...(database === undefined ? {} : { dbname: database }),
    ...(poolerHost === undefined ? {} : { 'pooler-host': poolerHost }),
  };
  // Nobody logs in with what only proves a password.
  if (isVerifier(password)) return hosts;
  return {
    ...hosts,
    uri: uriTo(host, target),
    'jdbc-uri': jdbcUriTo(host, target),
    ...(poolerHost === undefined
      ? {}
      : { 'pooler-uri': uriTo(poolerHost, target), 'pooler-jdbc-uri': jdbcUriTo(poolerHost, target) }),
  };
}

function uriTo(host: string, { username, password, database = 'postgres' }: ConnectionTarget): string {
  return `postgresql://${encode(username)}:${encode(password)}@${host}:${port}/${encode(database)}?sslmode=require`;
}

function jdbcUriTo(host: string, { username, password, database = 'postgres' }: ConnectionTarget): string {
  const parameters = `user=${encode(username)}&password=${encode(password)}&sslmode=require`;
  return `jdbc:postgresql://${host}:${port}/${encode(database)}?${parameters}`;
}

/** Percent-encoded down to letters, digits and `-._~`: what no reader of URIs takes for something else. */
function encode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
