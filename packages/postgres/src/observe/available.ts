import type { Connection } from '../connection.ts';

/** An extension that the server has the files of, in the version that it would be made in. */
export interface AvailableExtension {
  name: string;
  relocatable: boolean;
  /** The only schema that it can be in. */
  schema: string | null;
  /** Extensions that must be there before. */
  requires: string[];
}

const availableQuery = `
select v.name, v.relocatable, v.schema, coalesce(v.requires, '{}')::pg_catalog.text[] as requires
from pg_catalog.pg_available_extensions e
  join pg_catalog.pg_available_extension_versions v on v.name = e.name and v.version = e.default_version
where e.name = any ($1::pg_catalog.text[])`;

/** Reads the server's extension files; it is the same in every database. */
export async function observeAvailable(
  connection: Connection,
  names: string[],
): Promise<Map<string, AvailableExtension>> {
  const rows = await connection.query<AvailableExtension>(availableQuery, [names]);
  return new Map(rows.map((row) => [row.name, row]));
}
