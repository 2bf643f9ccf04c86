/** A column of a meta.k8s.io/v1 Table. Columns with priority above 0 show with `-o wide` only. */
export interface Column {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

export type Cell = string | number | boolean | null;

/** How one kind is shown. */
export interface Printer {
  columns: Column[];
  /** One cell for each column. `now` is milliseconds since 1970. */
  cells: (object: unknown, now: number) => Cell[];
  /** `conditions` of a row, e.g. that a pod is completed. */
  conditions?: (object: unknown) => unknown[];
}

/** A column; a trailing `+` in the name means wide, `#` integer. */
export function column(name: string, description = ''): Column {
  const bare = name.replace(/[+#]/g, '');
  return {
    name: bare,
    type: name.includes('#') ? 'integer' : 'string',
    format: bare === 'Name' ? 'name' : '',
    description,
    priority: name.includes('+') ? 1 : 0,
  };
}

export function columns(...names: string[]): Column[] {
  return names.map((name) => column(name));
}
