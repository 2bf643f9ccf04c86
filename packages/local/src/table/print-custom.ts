import type { Cell, Column, Printer } from './column.ts';
import { column } from './column.ts';
import { since } from './human-duration.ts';
import { evaluateJsonPath, parseJsonPath } from './json-path.ts';
import { age, name } from './print-core.ts';

/** `additionalPrinterColumns[]` of a CustomResourceDefinition's version. */
export interface CustomColumn {
  name: string;
  type: string;
  jsonPath: string;
  description?: string;
  format?: string;
  priority?: number;
}

/** NAME and AGE: for kinds that nothing more is known of. */
export const genericPrinter: Printer = {
  columns: [column('Name'), { ...column('Age'), type: 'date' }],
  cells: (object, now) => [name(object), age(object, now)],
};

/** A value in the column's type; null (which kubectl leaves blank) when it is of another. */
function cell(type: string, found: unknown[], now: number): Cell {
  const [value] = found;
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? since(value, now) : '<invalid>';
    default:
      return found.map((v) => (typeof v === 'string' ? v : JSON.stringify(v))).join(' ');
  }
}

/** The printer of a custom resource: its own columns after the name, or NAME and AGE without any. */
export function customPrinter(custom: readonly CustomColumn[]): Printer {
  if (custom.length === 0) return genericPrinter;
  const shown = custom.map((c): Column => ({
    name: c.name,
    type: c.type,
    format: c.format ?? '',
    description: c.description ?? '',
    priority: c.priority ?? 0,
  }));
  const paths = custom.map((c) => ({ type: c.type, steps: parseJsonPath(c.jsonPath) }));
  return {
    columns: [column('Name'), ...shown],
    cells: (object, now) => [
      name(object),
      ...paths.map(({ type, steps }) => (steps ? cell(type, evaluateJsonPath(steps, object), now) : null)),
    ],
  };
}
