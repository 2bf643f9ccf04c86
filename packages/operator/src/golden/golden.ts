import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  formatProblem,
  parseConfiguration,
  parseOperatorConfiguration,
  type ParsedConfiguration,
  type Postgresql,
} from '@pgherd/api';
import { builtinSchema, fieldErrorMessage, prune, unknownFieldMessage, validate } from '@pgherd/kube/schema';
import { gvkOf, type KubeObject } from '@pgherd/kube/objects';
import type { Declared } from '@pgherd/postgres';
import { parse, stringify } from 'yaml';
import { kinds, type Desired } from '../kinds.ts';
import { assess } from '../reconcile/assess.ts';
import { goalOf } from '../reconcile/goal.ts';
import { observe } from '../observe/observe.ts';
import { testSource } from '../testing/cluster.ts';
import { apiKey } from '../secrets/patroni-api.ts';
import { declaredWithSecrets } from '../testing/declared.ts';

/** What is rendered: a manifest, a configuration in one of its forms, and objects of others that it refers to. */
interface Input {
  manifest?: Postgresql;
  configuration?: Record<string, string>;
  /** Instead of them: the files of this release, from the project's root. */
  manifestFile?: string;
  configurationFile?: string;
  operatorConfiguration?: unknown;
  existing?: KubeObject[];
}

const folder = fileURLToPath(new URL('cases/', import.meta.url));

/**
 * Names of all cases: `NAME.input.yaml` is what somebody wrote, `NAME.objects.yaml` and `NAME.declared.yaml` are what must
 * come of it in Kubernetes and inside PostgreSQL.
 */
export function goldenNames(): string[] {
  const suffix = '.input.yaml';
  return readdirSync(folder)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));
}

/** File with the objects of a pair. */
export function objectsFile(name: string): string {
  return `${folder}${name}.objects.yaml`;
}

/** File with what is declared inside PostgreSQL. */
export function declaredFile(name: string): string {
  return `${folder}${name}.declared.yaml`;
}

/** What comes of an input. */
export interface Golden {
  objects: KubeObject[];
  /** As soon as the Secrets are there; undefined where PostgreSQL is left alone. */
  declared: Declared | undefined;
  /** What is left out or changed of what was asked for, for people. */
  warnings: string[];
}

/** Renders the input of a case, for a cluster that is new. Throws when it is not valid. */
export function renderGolden(name: string): Golden {
  const input = parse(readFileSync(`${folder}${name}.input.yaml`, 'utf8')) as Input;
  const { configuration, named, problems } = configurationOf(input);
  const wrong = problems.filter(({ severity }) => severity === 'error');
  const others = testSource((input.existing ?? []).map(desired), configuration);
  const written = manifestOf(input);
  const cluster = { namespace: 'default', name: written.metadata.name };
  const observed = observe(others, configuration, cluster, { databaseFingerprint: undefined });
  const settings = { configuration, named };
  const { manifest, errors, warnings } = assess(written, settings, observed);
  if (wrong.length + errors.length > 0) {
    throw new Error([...wrong, ...errors].map(formatProblem).join('\n'));
  }
  const apiKeys = Object.fromEntries(Object.values(apiKey).map((key) => [key, 'generated']));
  const circumstances = { now: 0, newPassword: () => 'generated', apiKeys };
  const { goal } = goalOf(manifest, settings, observed, circumstances);
  return {
    objects: goal.objects.map(({ object }) => object),
    declared:
      goal.database === undefined
        ? undefined
        : declaredWithSecrets(manifest, settings, observed, circumstances),
    warnings: warnings.map(formatProblem),
  };
}

const root = new URL('../../../../', import.meta.url);

function fileOf(path: string): unknown {
  return parse(readFileSync(new URL(path, root), 'utf8')) as unknown;
}

function manifestOf({ manifest, manifestFile }: Input): Postgresql {
  if (manifest !== undefined) return manifest;
  if (manifestFile === undefined) throw new Error('neither manifest nor manifestFile');
  const read = fileOf(manifestFile) as Postgresql;
  const place = { namespace: 'default', uid: '11111111-2222-3333-4444-555555555555' };
  return { ...read, metadata: { ...read.metadata, ...place } };
}

function configurationOf(input: Input): ParsedConfiguration {
  if (input.configurationFile !== undefined) {
    const map = fileOf(input.configurationFile) as { data: Record<string, string> };
    return parseConfiguration(map.data);
  }
  return input.operatorConfiguration === undefined
    ? parseConfiguration(input.configuration ?? {})
    : parseOperatorConfiguration(input.operatorConfiguration);
}

function desired(object: KubeObject): Desired {
  const kind = Object.values(kinds).find((each) => each.kind === object.kind);
  if (kind === undefined) throw new Error(`existing: the operator does not look at ${object.kind}`);
  return { kind, object };
}

/** All objects as one YAML stream. */
export function written(objects: KubeObject[]): string {
  return objects
    .map((object) => `---\n${stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 })}`)
    .join('');
}

/** What is declared inside PostgreSQL and what is warned of, without passwords. */
export function writtenDeclared({ declared, warnings }: Golden): string {
  const hidden = '********';
  const masked = {
    ...declared,
    roles: (declared?.roles ?? []).map((role) =>
      typeof role.password === 'string' ? { ...role, password: hidden } : role,
    ),
  };
  const about = warnings.map((warning) => `# Warning: ${warning}\n`).join('');
  const options = { aliasDuplicateObjects: false, lineWidth: 0 };
  return `${about}${declared === undefined ? '# PostgreSQL is left alone\n' : stringify(masked, options)}`;
}

/** What Kubernetes' own definition of its kind has against an object: unknown fields, wrong types, missing fields. */
export function schemaProblems(object: KubeObject): string[] {
  const schema = builtinSchema(gvkOf(object));
  if (schema === undefined) return [`no definition of ${object.apiVersion} ${object.kind}`];
  const unknown = prune(schema, structuredClone(object)).map(unknownFieldMessage);
  return [...unknown, ...validate(schema, object).map(fieldErrorMessage)];
}
