import { readFileSync } from 'node:fs';
import type { Postgresql } from '@pgherd/api';
import type { KubeObject } from '@pgherd/kube/objects';
import {
  fieldErrorMessage,
  isObject,
  prune,
  unknownFieldMessage,
  validate,
  type Schema,
} from '@pgherd/kube/schema';
import { parseAllDocuments } from 'yaml';
import { CommandError, exitCode } from '../exit-code.ts';

/** A manifest as somebody wrote it, and what the API server would say about it. */
export interface WrittenManifest {
  manifest: Postgresql & KubeObject;
  /** Why the API server would refuse it; empty when it would not. */
  errors: string[];
  /** Fields that it would drop. */
  warnings: string[];
}

/** Reads the `postgresql` manifests of a YAML or JSON file, `-` for standard input; other kinds are passed over. */
export function readManifests(file: string, schema: Schema): WrittenManifest[] {
  const found = documentsOf(file)
    .filter(isPostgresql)
    .map((document) => check(document, schema));
  if (found.length === 0) {
    const why = `${file}: there is no object with kind postgresql and apiVersion acid.zalan.do/v1 in it`;
    throw new CommandError(why, exitCode.wrongUsage);
  }
  return found;
}

function documentsOf(file: string): unknown[] {
  const documents = parseAllDocuments(readText(file));
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new CommandError(`${file}: ${error.message}`, exitCode.wrongUsage);
    const value: unknown = document.toJS();
    return isObject(value) && value['kind'] === 'List' && Array.isArray(value['items'])
      ? value['items']
      : [value];
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(`cannot read ${file}: ${why}`, exitCode.wrongUsage);
  }
}

function isPostgresql(document: unknown): document is Postgresql & KubeObject {
  return (
    isObject(document) && document['kind'] === 'postgresql' && document['apiVersion'] === 'acid.zalan.do/v1'
  );
}

/** What the API server does with it before it stores it: unknown fields go, the rest is held against the schema. */
function check(manifest: Postgresql & KubeObject, schema: Schema): WrittenManifest {
  const warnings = prune(schema, manifest, { isResourceRoot: true }).map(unknownFieldMessage);
  const errors = validate(schema, manifest).map(fieldErrorMessage);
  if (typeof (manifest as { metadata?: { name?: unknown } }).metadata?.name !== 'string') {
    errors.push('metadata.name: Required value');
  }
  return { manifest, errors, warnings };
}
