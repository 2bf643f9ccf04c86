import { identifier } from '@pgherd/postgres';
import { preloadLibraries } from './preload.ts';
import type { InstalledEntry, ServerEntry } from './queries.ts';

/** An extension that can be created in any database of the cluster. */
export interface AvailableExtension {
  name: string;
  /** What `CREATE EXTENSION` gives. */
  version: string;
  /** `owner`: whoever may create objects in the database; `superuser`: only one of these. */
  createdBy: 'owner' | 'superuser';
  /** The library without which it does nothing, and whether the server has loaded it; absent when none is needed. */
  preload?: { library: string; loaded: boolean };
  comment: string;
}

/** An extension in one database. */
export interface InstalledExtension {
  database: string;
  name: string;
  version: string;
  schema: string;
  /** The image has it in no version. */
  missing: boolean;
  /** Its library is not loaded. */
  notLoaded: boolean;
}

/** An installed extension whose version is not the image's. */
export interface ExtensionUpdate {
  database: string;
  name: string;
  from: string;
  to: string;
  /** What brings it there; absent when no script leads from one version to the other. */
  statement?: string;
}

/** Everything that `pgherd extensions` says; `-o json` prints it as it is. */
export interface ExtensionReport {
  namespace: string;
  cluster: string;
  /** Libraries that the server has loaded at its start. */
  preloaded: string[];
  installed: InstalledExtension[];
  updates: ExtensionUpdate[];
  available: AvailableExtension[];
  /** Databases that could not be looked into. */
  unread: { database: string; reason: string }[];
}

/** What was found in one database, or why nothing was. */
export type DatabaseResult = { database: string } & ({ installed: InstalledEntry[] } | { reason: string });

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim().replaceAll('"', ''))
    .filter((name) => name !== '');

/** Puts together what was read. */
export function extensionReport(
  cluster: { namespace: string; name: string },
  server: ServerEntry,
  databases: DatabaseResult[],
): ExtensionReport {
  const preloaded = listOf(server.preloaded);
  const allowed = new Set(preloaded.includes('pgextwlist') ? listOf(server.allowed ?? '') : []);
  const available = server.available.map((entry): AvailableExtension => {
    const library = preloadLibraries[entry.name];
    return {
      name: entry.name,
      version: entry.version ?? '',
      createdBy: entry.trusted === true || allowed.has(entry.name) ? 'owner' : 'superuser',
      ...(library === undefined ? {} : { preload: { library, loaded: preloaded.includes(library) } }),
      comment: entry.comment ?? '',
    };
  });
  const found = databases.flatMap((result) =>
    'installed' in result ? result.installed.map((entry) => ({ database: result.database, ...entry })) : [],
  );
  return {
    namespace: cluster.namespace,
    cluster: cluster.name,
    preloaded,
    installed: found.map(({ database, name, version, schema, newest }) => {
      const library = preloadLibraries[name];
      const notLoaded = library !== undefined && !preloaded.includes(library);
      return { database, name, version, schema, missing: newest === null, notLoaded };
    }),
    updates: found.flatMap(({ database, name, version, newest, updatable }) =>
      newest === null || newest === version
        ? []
        : [
            {
              database,
              name,
              from: version,
              to: newest,
              ...(updatable ? { statement: `ALTER EXTENSION ${identifier(name)} UPDATE` } : {}),
            },
          ],
    ),
    available,
    unread: databases.flatMap((result) =>
      'reason' in result ? [{ database: result.database, reason: result.reason }] : [],
    ),
  };
}
