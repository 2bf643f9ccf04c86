import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Field,
  type ParsedConfiguration,
  type PostgresTeam,
  type Postgresql,
  defaultConfiguration,
  fieldsOf,
  parseConfiguration,
  parseOperatorConfiguration,
  postgresTeamSpecNode,
  postgresqlSchema,
  validatePostgresql,
} from '@pgherd/api';
import { type Schema, prune, validate } from '@pgherd/kube/schema';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { root } from '../generated-file.ts';
import { chosen } from './chosen.ts';

const text = (name: string): string => readFileSync(join(root, 'manifests', name), 'utf8');

/** Errors of an object against the schema of its definition in `manifests/crds`, unknown fields among them. */
function schemaErrors(crd: string, object: object): string[] {
  const definition = parse(text(`crds/${crd}.acid.zalan.do.yaml`)) as {
    spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
  };
  const schema = definition.spec.versions[0]?.schema.openAPIV3Schema ?? {};
  const unknown = prune(schema, structuredClone(object), { isResourceRoot: true });
  return [
    ...unknown.map((path) => `${path}: unknown`),
    ...validate(schema, object).map(({ field, detail }) => `${field}: ${detail}`),
  ];
}

/** Sets everything that is commented out: a setting or list item in a comment of its own, below `after`. */
function uncommented(yaml: string, after: RegExp): string {
  const start = yaml.search(after);
  return (
    yaml.slice(0, start) + yaml.slice(start).replaceAll(/^( *)# ( *)(?=[a-z_][-\w.]*:(?: |$)|- )/gm, '$1$2')
  );
}

/** Everything but that the operator does not act on something yet. */
const objections = ({ problems }: ParsedConfiguration): string[] =>
  problems
    .filter(({ message }) => !message.includes('not act on'))
    .map((each) => `${each.field}: ${each.message}`);

describe('configmap.yaml', () => {
  const parsed = (yaml: string): ParsedConfiguration =>
    parseConfiguration((parse(yaml) as { data: Record<string, string> }).data);

  test('is accepted, and says only what was chosen', () => {
    const result = parsed(text('configmap.yaml'));
    expect(objections(result)).toEqual([]);
    expect([...result.named].sort()).toEqual(Object.keys(chosen).sort());
  });

  test('names every setting, and comments show the defaults', () => {
    const result = parsed(uncommented(text('configmap.yaml'), /^data:/m));
    const usual = parsed(text('configmap.yaml')).configuration;
    expect(result.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(result.configuration).toEqual(usual);
    expect(result.named.size).toBeGreaterThan(0.7 * Object.keys(defaultConfiguration()).length);
  });
});

describe('postgresql-operator-default-configuration.yaml', () => {
  const file = text('postgresql-operator-default-configuration.yaml');

  test('is accepted by definition and operator, and says only what was chosen', () => {
    const result = parseOperatorConfiguration(parse(file));
    expect(objections(result)).toEqual([]);
    expect([...result.named].sort()).toEqual(Object.keys(chosen).sort());
    expect(schemaErrors('operatorconfigurations', parse(file) as object)).toEqual([]);
  });

  test('names every setting in its place, and comments show the defaults', () => {
    const whole = parse(uncommented(file, /^configuration:/m)) as object;
    const result = parseOperatorConfiguration(whole);
    expect(objections(result)).toEqual([]);
    expect(result.configuration).toEqual(parseOperatorConfiguration(parse(file)).configuration);
    // One without a default has no value there.
    const filled = JSON.parse(
      JSON.stringify(whole, (_name, value: unknown) => (value === null ? undefined : value)),
    ) as object;
    expect(schemaErrors('operatorconfigurations', filled)).toEqual([]);
  });
});

describe('complete-postgres-manifest.yaml', () => {
  const file = text('complete-postgres-manifest.yaml');
  const all = parse(uncommented(file, /^spec:/m)) as Postgresql;

  test('is valid', () => {
    const manifest = parse(file) as Postgresql;
    expect(schemaErrors('postgresqls', manifest)).toEqual([]);
    const problems = validatePostgresql(manifest, defaultConfiguration());
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test('what is commented out fits the definition too', () => {
    // One place to follow from is enough.
    const { gs_wal_path: _, ...standby } = all.spec.standby ?? {};
    expect(schemaErrors('postgresqls', { ...all, spec: { ...all.spec, standby } })).toEqual([]);
  });

  test('every field of the reference is in it', () => {
    // Names out of date are only told.
    const old = /^spec\.(useLoadBalancer|replicaLoadBalancer|init_containers|pod_priority_class_name)/;
    const missing = fieldsOf(postgresqlSchema.properties?.['spec'] ?? {}, 'spec').filter(
      ({ path, schema }: Field) =>
        !old.test(path) && schema.type !== 'object' && !path.endsWith('[]') && !isIn(all, path.split('.')),
    );
    // Once is enough for these: they may stand in all requests and limits.
    const once = /\.hugepages-\w+$/;
    expect(missing.map(({ path }) => path).filter((path) => !once.test(path))).toEqual([]);
    for (const name of [
      'useLoadBalancer',
      'replicaLoadBalancer',
      'init_containers',
      'hugepages-2Mi',
      'hugepages-1Gi',
    ])
      expect(file).toContain(name);
  });
});

/** Whether an object has a field; `*` is any name, `[]` any item. */
function isIn(value: unknown, [head = '', ...rest]: string[]): boolean {
  if (head === '') return value !== undefined;
  if (typeof value !== 'object' || value === null) return false;
  if (head === '*') return Object.values(value).some((each) => isIn(each, rest));
  if (head.endsWith('[]')) {
    const items = (value as Record<string, unknown>)[head.slice(0, -2)];
    return Array.isArray(items) && items.some((each) => isIn(each, rest));
  }
  return isIn((value as Record<string, unknown>)[head], rest);
}

test('minimal-postgres-manifest.yaml is valid', () => {
  const manifest = parse(text('minimal-postgres-manifest.yaml')) as Postgresql;
  expect(schemaErrors('postgresqls', manifest)).toEqual([]);
  expect(validatePostgresql(manifest, defaultConfiguration())).toEqual([]);
});

test('custom-team-membership.yaml fits the definition, and uses all of it', () => {
  const object = parse(text('custom-team-membership.yaml')) as PostgresTeam;
  expect(schemaErrors('postgresteams', object)).toEqual([]);
  expect(Object.keys(object.spec)).toEqual(Object.keys(postgresTeamSpecNode.schema.properties ?? {}));
});

test('fake-teams-api.yaml runs a command that there is, with teams and a token as they are read', () => {
  const [teams, secret, deployment] = parseAllDocuments(text('fake-teams-api.yaml')).map(
    (document) => document.toJS() as Record<string, never>,
  );
  const { 'teams.yaml': file } = (teams?.['data'] ?? {}) as Record<string, string>;
  expect(parse(file ?? '')).toHaveProperty('acid');
  expect(secret).toMatchObject({
    metadata: defaultConfiguration().oauth_token_secret_name,
    stringData: { 'read-only-token-type': 'Bearer', 'read-only-token-secret': expect.any(String) },
  });
  expect(JSON.stringify(deployment)).toContain('"operator","fake-teams-api"');
});

test('the Deployment runs this version, and reads the ConfigMap that is there', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8')) as {
    version: string;
  };
  const deployment = text('postgres-operator.yaml');
  for (const file of [deployment, text('fake-teams-api.yaml')])
    expect(file).toContain(`image: localhost/pgherd/operator:${version}\n`);
  const [{ metadata }] = parseAllDocuments(text('configmap.yaml')).map(
    (document) => document.toJS() as { metadata: { name: string } },
  ) as [{ metadata: { name: string } }];
  expect(deployment).toMatch(new RegExp(`CONFIG_MAP_NAME\\n +value: ${metadata.name}\\n`));
});
