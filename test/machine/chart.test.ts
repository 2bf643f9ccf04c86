import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ParsedConfiguration,
  defaultConfiguration,
  parseConfiguration,
  parseOperatorConfiguration,
} from '@pgherd/api';
import { silentLogger, type KubeObject } from '@pgherd/kube/objects';
import { builtinSchema, prune, validate, type Schema } from '@pgherd/kube/schema';
import { startHeadless, type Headless } from '@pgherd/local/headless';
import { type Duties, rbacObjects, runOperator } from '@pgherd/operator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { helmJudge, type Judge } from '../judges/helm/judge.ts';
import { eventually } from '../support/eventually.ts';
import { projectRoot, run } from '../support/instance.ts';

/** The chart, rendered by the libraries that Helm renders with. Without network the first time there is no judge. */

const chart = join(projectRoot, 'charts/pgherd');
const release = 'postgres-operator';
const namespace = 'pg';

let judge: Judge | undefined;
let kubernetes: Headless;
let directory: string;
try {
  judge = helmJudge();
} catch (error) {
  console.warn(`skipped, the judge could not be built: ${(error as Error).message}`);
}

/** What people write who come from charts of old, for the ConfigMap: all of it texts. */
const oldTexts = `
configTarget: ConfigMap
image: { registry: registry.example.org, repository: acid/operator, tag: v1 }
podPriorityClassName: ""
configGeneral:
  enable_crd_validation: "true"
  docker_image: registry.example.org/spilo-13:2.0-p2
  min_instances: "-1"
  workers: "4"
  resync_period: 5m
  sidecar_docker_images: "exporter:example/exporter"
configUsers: { super_username: boss }
configKubernetes:
  cluster_labels: application:spilo,stage:live
  enable_pod_antiaffinity: "true"
  inherited_labels: application,environment
  node_readiness_label: "status:ready"
  spilo_runasuser: "101"
  watched_namespace: one
configPostgresPodResources: { default_cpu_limit: 2, default_memory_limit: 600Mi }
configLoadBalancer: { custom_service_annotations: "keyx:valuez,keya:valuea" }
configAwsOrGcp: { enable_ebs_gp3_migration: "false" }
configTeamsApi: { enable_teams_api: "false", protected_role_names: "admin,cron_admin" }
`;

/** The same kind of thing for the resource: types of their own. */
const newTypes = `
configGeneral:
  sidecars: [{ name: exporter, image: example/exporter, ports: [{ containerPort: 9187 }] }]
  maintenance_windows: ["Sat:01:00-02:00", "03:00-04:00"]
configKubernetes:
  cluster_labels: { application: spilo }
  liveness_probe: { httpGet: { path: /liveness, port: 8008 } }
  toleration: { key: database, operator: Exists, effect: NoSchedule }
  enable_persistent_volume_claim_deletion: true
  pod_service_account_role_binding_definition: |
    { kind: RoleBinding, roleRef: { kind: Role, name: mine, apiGroup: rbac.authorization.k8s.io },
      subjects: [{ kind: ServiceAccount, name: postgres-pod }] }
configLogicalBackup: { logical_backup_ttl_seconds_after_finished: 86400000, logical_backup_s3_sse: AES256 }
configTeamsApi: { enable_teams_api: true, teams_api_url: "https://teams.example.org/api/" }
`;

const everything = `
replicaCount: 2
enableJsonLogging: true
imagePullSecrets: [{ name: registry }]
podAnnotations: { example.org/a: b }
podLabels: { sidecar.istio.io/inject: "false" }
extraArgs: ["--nodatabaseaccess"]
extraEnvs: [{ name: NODE_EXTRA_CA_CERTS, value: /ca.crt }]
rbac: { createAggregateClusterRoles: true }
serviceAccount: { name: boss, annotations: { example.org/a: b } }
podServiceAccount: { name: }
priorityClassName: system-cluster-critical
podPriorityClassName: { create: true, name: databases, priority: 1000000000 }
affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: { topologyKey: a, labelSelector: {} } }] } }
nodeSelector: { disk: ssd }
tolerations: [{ operator: Exists }]
topologySpreadConstraints: [{ maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway }]
controllerID: { create: true, name: second }
serviceMonitor: { enabled: true, labels: { prometheus: main } }
networkPolicy: { enabled: true, from: [{ namespaceSelector: {} }] }
configLoggingRestApi: { api_port: 9090 }
`;

/** The token is in the operator's namespace, which it does not watch. */
const teamsApi = `
configKubernetes: { watched_namespace: "two, one" }
configTeamsApi: { enable_teams_api: "true", teams_api_url: "https://teams.example.org/" }
`;

/** Some of them are where the operator may look anyway. */
const infrastructure = `
configKubernetes:
  watched_namespace: "two, one"
  infrastructure_roles_secret_name: one/roles
  infrastructure_roles_secrets:
    - { secretname: monitoring, userkey: user, passwordkey: password }
    - { secretname: ${namespace}/backup, userkey: user, passwordkey: password }
    - { secretname: three/dashboard, userkey: user, passwordkey: password }
`;

const cases = {
  'the default': '',
  'the ConfigMap': 'configTarget: ConfigMap',
  'one namespace, its own': 'configKubernetes: { watched_namespace: "" }',
  'a list of namespaces': 'configKubernetes: { watched_namespace: "two, one" }',
  'a list of namespaces with its own': `configKubernetes: { watched_namespace: "one,${namespace}" }`,
  'a list of namespaces, and a Teams API': teamsApi,
  'a list of namespaces, and a Teams API with a Secret of another name': `${teamsApi.replace('watched', `oauth_token_secret_name: ${namespace}/token, watched`)}\nconfigTarget: ConfigMap`,
  'a list of namespaces, and roles of all clusters':
    'configKubernetes: { watched_namespace: "two, one", infrastructure_roles_secret_name: roles }',
  'a list of namespaces, and roles of all clusters in several places': infrastructure,
  'the ConfigMap, and roles of all clusters in several places': `${infrastructure}\nconfigTarget: ConfigMap`,
  'a list of namespaces, and roles of all clusters as text': `
configTarget: ConfigMap
configKubernetes:
  watched_namespace: "two, one"
  infrastructure_roles_secrets: "secretname: ${namespace}/monitoring, userkey: user, passwordkey: password"
`,
  "Amazon's disks": 'configKubernetes: { storage_resize_mode: ebs }',
  "Amazon's disks in a list of namespaces":
    'configKubernetes: { storage_resize_mode: mixed, watched_namespace: "two, one" }',
  'definitions that the operator does not touch': 'configGeneral: { enable_crd_registration: false }',
  'texts of old, in the ConfigMap': oldTexts,
  'texts of old, in the resource': oldTexts.replace('configTarget: ConfigMap', ''),
  'types, in the resource': newTypes,
  'types, in the ConfigMap': `${newTypes}\nconfigTarget: ConfigMap`,
  everything,
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pgherd-chart-'));
  kubernetes = await startHeadless({ directory, log: silentLogger });
  for (const name of [namespace, 'one', 'two', 'three']) await kubectl(['create', 'namespace', name]);
  await kubectl(['apply', '-f', join(chart, 'crds')]);
});

afterAll(async () => {
  await kubernetes?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function kubectl(args: string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await run('kubectl', ['--kubeconfig', kubernetes.kubeconfig, ...args], {
    input,
  });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return `${stdout}${stderr}`;
}

function render(values: string, exactNumbers = false): (KubeObject & Record<string, unknown>)[] {
  if (judge === undefined) throw new Error('no judge');
  return Object.entries(judge(chart, { release, namespace, values, exactNumbers }))
    .filter(([name]) => name.endsWith('.yaml'))
    .flatMap(([name, text]) =>
      parseAllDocuments(text).map((document) => {
        if (document.errors[0]) throw new Error(`${name}: ${document.errors[0].message}`);
        return document.toJS() as (KubeObject & Record<string, unknown>) | null;
      }),
    )
    .filter((object) => object !== null);
}

/** The schema that Kubernetes has for the kind, or our definition; undefined for a kind of others. */
function schemaOf({ apiVersion = '', kind = '' }: KubeObject): Schema | undefined {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  if (kind !== 'OperatorConfiguration') return builtinSchema({ group, version, kind });
  const file = join(chart, 'crds/operatorconfigurations.acid.zalan.do.yaml');
  const definition = parse(readFileSync(file, 'utf8')) as {
    spec: { versions: [{ schema: { openAPIV3Schema: Schema } }] };
  };
  return definition.spec.versions[0].schema.openAPIV3Schema;
}

function schemaErrors(object: KubeObject): string[] {
  const schema = schemaOf(object);
  const name = `${object.kind} ${object.metadata?.name}`;
  if (schema === undefined) return [`${name}: unknown kind`];
  const unknown = prune(schema, structuredClone(object), { isResourceRoot: true });
  const wrong = validate(schema, object).map(({ field, detail }) => `${field}: ${detail}`);
  return [...unknown.map((field) => `${field}: unknown`), ...wrong].map((each) => `${name}: ${each}`);
}

/** Whether pgherd local serves the kind; the others are looked at in a test of their own. */
const isServed = ({ apiVersion = '' }: KubeObject): boolean =>
  !/^(monitoring.coreos.com|networking.k8s.io)\//.test(apiVersion);

/** The configuration as the operator would read it. */
function configurationOf(objects: KubeObject[]): ParsedConfiguration & { origin: Duties['origin'] } {
  const key = { namespace, name: release };
  const found = objects.find(({ kind }) => kind === 'ConfigMap' || kind === 'OperatorConfiguration');
  if (found?.kind === 'ConfigMap') {
    const { data } = found as KubeObject & { data: Record<string, string> };
    return { ...parseConfiguration(data), origin: { type: 'ConfigMap', ...key } };
  }
  return { ...parseOperatorConfiguration(found), origin: { type: 'OperatorConfiguration', ...key } };
}

/** Roles and accounts with their rules, in comparable form. */
function granted(objects: KubeObject[]): string[] {
  return objects
    .filter(({ kind = '' }) => /^(Cluster)?Role$/.test(kind))
    .map(({ kind, metadata, ...rest }) => {
      const rules = (rest as { rules?: object[] }).rules ?? [];
      const sorted = rules
        .map((rule) => JSON.stringify(rule, ['apiGroups', 'resources', 'resourceNames', 'verbs']))
        .sort();
      return `${kind} ${metadata?.namespace ?? ''}/${metadata?.name} ${sorted.join('\n')}`;
    })
    .sort();
}

describe.skipIf(judge === undefined).each(Object.entries(cases))('with %s', (_, values) => {
  test('every object is what its kind allows, and the API server takes it', async () => {
    const known = render(values).filter(isServed);
    expect(known.flatMap(schemaErrors)).toEqual([]);
    const text = known.map((object) => stringify(object)).join('---\n');
    const said = await kubectl(['apply', '--dry-run=server', '-f', '-'], text);
    expect(said.split('\n').filter((line) => line.includes('created (server dry run)'))).toHaveLength(
      known.length,
    );
    expect(said).not.toContain('Warning');
  });

  test('numbers arrive the same in both ways that Helm hands them over', () => {
    expect(render(values, true)).toEqual(render(values));
  });

  test('the operator takes the configuration, and has exactly the rights that it needs for it', () => {
    const objects = render(values);
    const { problems, configuration, named, origin } = configurationOf(objects);
    const objections = problems.filter(({ message }) => !/not act on|out of date/.test(message));
    expect(objections.map(({ field, message }) => `${field}: ${message}`)).toEqual([]);
    const account = objects.find(({ kind }) => kind === 'ServiceAccount')?.metadata?.name ?? '';
    const duties = { configuration, named, own: namespace, origin };
    const needed = rbacObjects(duties, account).map(({ object }) => object);
    const ours = objects.filter(({ metadata }) =>
      [release, configuration.pod_service_account_name].includes(metadata?.name ?? ''),
    );
    // Roles are called like the Deployment, whatever the account is called.
    const renamed = needed.map((object) =>
      object.metadata?.name === account
        ? { ...object, metadata: { ...object.metadata, name: release } }
        : object,
    );
    expect(granted(ours)).toEqual(granted(renamed));
    const deployment = JSON.stringify(objects.find(({ kind }) => kind === 'Deployment'));
    expect(deployment).toContain(`"serviceAccountName":"${account}"`);
    expect(deployment).toContain(`"containerPort":${configuration.api_port}`);
  });
});

/** Environment of the operator's container, as far as it is written out. */
function environmentOf(objects: KubeObject[]): Record<string, string> {
  const deployment = objects.find(({ kind }) => kind === 'Deployment') as KubeObject & {
    spec: { template: { spec: { containers: [{ env: { name: string; value?: string }[] }] } } };
  };
  const { env } = deployment.spec.template.spec.containers[0];
  return Object.fromEntries(env.map(({ name, value = namespace }) => [name, value]));
}

describe.skipIf(judge === undefined).each([
  ['the default', 'two'],
  ['the ConfigMap', 'two'],
  ['a list of namespaces', 'one'],
  ['one namespace, its own', namespace],
  ['a list of namespaces, and a Teams API', 'one'],
] as const)('the operator under what is rendered with %s', (values, where) => {
  test('starts with all of its rights, and makes a cluster', async () => {
    const objects = render(cases[values]).filter(isServed);
    const text = objects.map((object) => stringify(object)).join('---\n');
    const warnings: string[] = [];
    const note = (_: object, message: string): void => void warnings.push(message);
    const stop = new AbortController();
    const { promise: port, resolve } = Promise.withResolvers<number>();
    await kubectl(['apply', '-f', '-'], text);
    const ended = runOperator({
      kubeconfig: kubernetes.kubeconfigOf(namespace, release),
      env: environmentOf(objects),
      httpHost: '127.0.0.1',
      httpPort: 0,
      log: { ...silentLogger, warn: note, error: note },
      signal: stop.signal,
      onStarted: resolve,
      database: {
        bringInLine: async () => ({ done: [], postponed: [], problems: [] }),
        look: async () => [],
      },
    });
    try {
      const manifest = parse(
        readFileSync(join(projectRoot, 'manifests/minimal-postgres-manifest.yaml'), 'utf8'),
      ) as object;
      await kubectl(['apply', '-n', where, '-f', '-'], stringify(manifest));
      const url = `http://127.0.0.1:${await Promise.race([port, ended.then(() => 0)])}/readyz`;
      await eventually('it is ready', async () => (await fetch(url)).status === 200);
      await eventually('there is a StatefulSet', () =>
        kubectl(['get', '-n', where, 'statefulset', 'acid-minimal-cluster']),
      );
      expect(warnings.filter((each) => /right|forbidden/i.test(each))).toEqual([]);
    } finally {
      stop.abort();
      await ended;
      // Nobody is left who would take the finalizer off.
      await kubectl([
        'patch',
        '-n',
        where,
        'postgresql',
        'acid-minimal-cluster',
        '--type=merge',
        '-p',
        '{"metadata":{"finalizers":null}}',
      ]);
      await kubectl([
        'delete',
        '-n',
        where,
        'postgresql,statefulset',
        'acid-minimal-cluster',
        '--ignore-not-found',
      ]);
      await kubectl(['delete', '-f', '-'], text);
    }
  });
});

describe.skipIf(judge === undefined)('the chart', () => {
  test('texts of old mean the same in both forms, and what they say arrives', () => {
    const read = (name: keyof typeof cases) => {
      const { configuration, named } = configurationOf(render(cases[name]));
      // Not written, and Zalando's default differs between the forms.
      const { oauth_token_secret_name: _, ...rest } = configuration;
      return { configuration: rest, named };
    };
    const flat = read('texts of old, in the ConfigMap');
    expect(read('texts of old, in the resource')).toEqual(flat);
    expect(flat.configuration).toMatchObject({
      workers: 4,
      docker_image: 'registry.example.org/spilo-13:2.0-p2',
      cluster_labels: { application: 'spilo', stage: 'live' },
      inherited_labels: ['application', 'environment'],
      default_cpu_limit: '2',
      default_memory_limit: '600Mi',
      super_username: 'boss',
      pod_priority_class_name: '',
    });
  });

  test('a setting that nobody wrote has its default', () => {
    const { configuration, named } = configurationOf(render(''));
    const written = Object.fromEntries([...named].map((name) => [name, configuration[name]]));
    expect(configuration).toEqual({ ...defaultConfiguration('OperatorConfiguration'), ...written });
  });

  test('every setting of values.yaml can be uncommented', () => {
    const text = readFileSync(join(chart, 'values.yaml'), 'utf8');
    const all = text
      .replaceAll(/^(config\w+): \{\}$/gm, '$1:')
      .replaceAll(/^ {2}# (?=[a-z_]\w*:(?: |$))/gm, '  ');
    const { problems, named } = configurationOf(render(all));
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(named.size).toBeGreaterThan(100);
  });

  test('a value of the wrong type is refused with its name, an unknown setting only told', () => {
    expect(() => render('replicaCount: two')).toThrow('replicaCount');
    expect(() => render('configGeneral: { workers: [] }')).toThrow('configGeneral.workers');
    expect(() => render('configKubernetes: { storage_resize_mode: pcv }')).toThrow('storage_resize_mode');
    const notes = judge?.(chart, { release, namespace, values: 'configGeneral: { wrokers: 3 }' })[
      'NOTES.txt'
    ];
    expect(notes).toContain('configGeneral.wrokers');
  });

  test('a release of another name keeps apart from the first', () => {
    if (judge === undefined) return;
    const names = (name: string) =>
      Object.values(judge?.(chart, { release: name, namespace }) ?? {})
        .flatMap((text) => [...text.matchAll(/^ {2}name: (.*)$/gm)])
        .map(([, each]) => each);
    expect(names('other')).toContain('other-postgres-operator');
    const shared = names('other').filter((each) => names(release).includes(each));
    expect(new Set(shared)).toEqual(new Set(['postgres-pod']));
  });

  test('kinds that pgherd local does not serve', () => {
    const labels = { 'app.kubernetes.io/name': release, 'app.kubernetes.io/instance': release };
    const specs = render(everything)
      .filter((object) => !isServed(object))
      .map(({ apiVersion, kind = '', spec }) => ({ apiVersion, kind, spec }))
      .toSorted((one, other) => other.kind.localeCompare(one.kind));
    expect(specs).toEqual([
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'ServiceMonitor',
        spec: {
          selector: { matchLabels: labels },
          endpoints: [
            {
              port: 'http',
              path: '/metrics',
              interval: '30s',
              bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
            },
          ],
        },
      },
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        spec: {
          podSelector: { matchLabels: labels },
          policyTypes: ['Ingress'],
          ingress: [{ ports: [{ port: 'http' }], from: [{ namespaceSelector: {} }] }],
        },
      },
    ]);
  });

  test('definitions are those of the manifests', () => {
    const files = readdirSync(join(projectRoot, 'manifests/crds')).sort();
    expect(readdirSync(join(chart, 'crds')).sort()).toEqual(files);
  });
});
