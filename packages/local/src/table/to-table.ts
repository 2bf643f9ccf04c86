import type { KubeObject } from '@pgherd/kube/objects';
import type { Column, Printer } from './column.ts';
import { corePrinters } from './print-core.ts';
import type { CustomColumn } from './print-custom.ts';
import { customPrinter, genericPrinter } from './print-custom.ts';
import { groupPrinters } from './print-groups.ts';
import { podPrinter } from './print-pod.ts';

/** What a table needs to know of a kind. */
export interface TableResource {
  group: string;
  plural: string;
  /** Only of kinds from a CustomResourceDefinition. */
  custom?: { columns: readonly CustomColumn[] } | undefined;
}

export interface TableOptions {
  /** What comes with each row for clients that filter or label: nothing, metadata, all. */
  includeObject: 'None' | 'Metadata' | 'Object';
  /** Milliseconds since 1970. */
  now: number;
}

export interface TableRow {
  cells: unknown[];
  conditions?: unknown[];
  object?: unknown;
}

const printers: Record<string, Printer> = { ...corePrinters, ...groupPrinters, '/pods': podPrinter };

function printerOf(resource: TableResource): Printer {
  if (resource.custom) return customPrinter(resource.custom.columns);
  return printers[`${resource.group}/${resource.plural}`] ?? genericPrinter;
}

/** Columns and rows of a meta.k8s.io/v1 Table, as a cluster prints the kind. Never fails, whatever the objects. */
export function toTable(
  resource: TableResource,
  objects: readonly KubeObject[],
  options: TableOptions,
): { columnDefinitions: Column[]; rows: TableRow[] } {
  const printer = printerOf(resource);
  const rows = objects.map((object): TableRow => {
    const conditions = printer.conditions?.(object) ?? [];
    const shown = shownObject(object, options.includeObject);
    return {
      cells: printer.cells(object, options.now),
      ...(conditions.length > 0 ? { conditions } : {}),
      ...(shown === undefined ? {} : { object: shown }),
    };
  });
  return { columnDefinitions: printer.columns, rows };
}

function shownObject(object: KubeObject, include: TableOptions['includeObject']): unknown {
  if (include === 'None') return undefined;
  if (include === 'Object') return object;
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
