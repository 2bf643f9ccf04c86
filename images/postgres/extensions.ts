/**
 * The extensions of the database image: Debian packages of trixie, one layer. `EXTENSIONS` of `make image` leaves the
 * layer out or makes another one; docs/extensions.md says what each is and lists what comes out.
 */

/** Languages, whose packages carry the version at the end of their name. */
const languages = new Set(['plperl', 'plpython3', 'pltcl']);

/** What the image has by default; names are those of Debian's packages without `postgresql-17-`. */
export const defaultExtensions = [
  // What Spilo has, as far as Debian packages it.
  'cron',
  'decoderbufs',
  'dirtyread',
  'extra-window-functions',
  'first-last-agg',
  'hll',
  'hypopg',
  'partman',
  'pg-checksums',
  'pg-permissions',
  'pg-stat-kcache',
  'pgaudit',
  'pgextwlist',
  'pgfaceting',
  'pgl-ddl-deploy',
  'pglogical',
  'pglogical-ticker',
  'pgq-node',
  'pgq3',
  'pgvector',
  'pldebugger',
  'pllua',
  'plperl',
  'plpgsql-check',
  'plprofiler',
  'plproxy',
  'plpython3',
  'pltcl',
  'postgis-3',
  'repack',
  'roaringbitmap',
  'set-user',
  'timescaledb',
  'wal2json',
  // What users of other operators and of the clouds ask for, and what costs next to nothing.
  'age',
  'asn1oid',
  'credcheck',
  'debversion',
  'h3',
  'http',
  'icu-ext',
  'ip4r',
  'jsquery',
  'londiste-sql',
  'numeral',
  'ogr-fdw',
  'orafce',
  'periods',
  'pg-catcheck',
  'pg-failover-slots',
  'pg-hint-plan',
  'pg-qualstats',
  'pg-track-settings',
  'pg-wait-sampling',
  'pgauditlogtofile',
  'pgfincore',
  'pgmemcache',
  'pgmp',
  'pgpcre',
  'pgrouting',
  'pgsphere',
  'pgtap',
  'pgtt',
  'plsh',
  'pointcloud',
  'powa',
  'prefix',
  'q3c',
  'rational',
  'rum',
  'semver',
  'show-plans',
  'similarity',
  'squeeze',
  'tablelog',
  'tdigest',
  'tds-fdw',
  'toastinfo',
  'unit',
];

/** Packaged by Debian for the same version, and not in the image by default: why. */
export const leftOutExtensions: Readonly<Record<string, string>> = {
  'auto-failover': 'another way to high availability; Patroni decides here',
  'bgw-replstatus': "a port that says who is primary; Patroni's REST API does",
  mimeo: 'replication by triggers over dblink; pglogical and logical replication are there',
  mobilitydb: 'rare, and wants to be preloaded together with PostGIS',
  'mysql-fdw': 'brings C headers of 40 MB: it opens its library by a name that is only among them',
  omnidb: 'debugger part of a program that is no longer made',
  'pg-fact-loader': 'rare',
  'pg-rrule': 'rare, brings GLib',
  pgnodemx: "reads what Kubernetes says of a container; the operator's metrics do",
  pgpool2: 'helpers of Pgpool-II, which does not run here',
  plr: 'brings R, 100 MB',
  preprepare: 'rare; PgBouncer in transaction mode prepares statements itself',
  prioritize: 'needs rights that a container does not have',
  rdkit: 'chemistry, 46 MB',
  repmgr: 'another way to high availability; Patroni decides here',
  'slony1-2': 'needs its own process; logical replication is there',
  snakeoil: 'a virus scanner, 45 MB without its signatures',
  statviz: 'rare',
};

/**
 * Debian's packages for the value of `EXTENSIONS`: nothing or `default`, `no`, or names separated by spaces or commas,
 * among which `default` stands for the default ones.
 * @param version major version of PostgreSQL
 * @throws Error for a name that cannot be one of a package
 */
export function extensionPackages(wanted: string, version: string): string[] {
  const names = wanted.split(/[\s,]+/).filter((name) => name !== '');
  if (names.length === 1 && names[0] === 'no') return [];
  const all = (names.length === 0 ? ['default'] : names).flatMap((name) =>
    name === 'default' ? defaultExtensions : [name],
  );
  const bad = all.find((name) => !/^[a-z0-9][a-z0-9.-]*$/.test(name) || name === 'no');
  if (bad !== undefined) {
    throw new Error(
      `EXTENSIONS: "${bad}" is no extension: give "no", or names of Debian's packages without postgresql-${version}-, ` +
        'for example EXTENSIONS="postgis-3 cron" or EXTENSIONS="default mysql-fdw"',
    );
  }
  const packages = all.map((name) =>
    languages.has(name) ? `postgresql-${name}-${version}` : `postgresql-${version}-${name}`,
  );
  return [...new Set(packages)].sort();
}
