import type { Group } from '@pgherd/api';

/** A JSON schema (draft 7), which is what Helm checks values with. */
export type ValueSchema = Record<string, unknown>;

/** One value of the chart that is no setting of the operator. */
export interface ChartValue {
  name: string;
  description: string;
  default: unknown;
  schema: ValueSchema;
}

const text: ValueSchema = { type: 'string' };
const flag: ValueSchema = { type: 'boolean' };
const anyObject: ValueSchema = { type: 'object' };
const objects: ValueSchema = { type: 'array', items: { type: 'object' } };
const texts: ValueSchema = { type: 'object', additionalProperties: { type: 'string' } };
const nullable = (schema: ValueSchema): ValueSchema => ({ anyOf: [schema, { type: 'null' }] });
const members = (properties: Record<string, ValueSchema>): ValueSchema => ({ type: 'object', properties });

const value = (name: string, description: string, byDefault: unknown, schema: ValueSchema): ChartValue => ({
  name,
  description,
  default: byDefault,
  schema,
});

/** Values above the settings. */
export const firstValues: ChartValue[] = [
  value(
    'image',
    'Image of the operator: where your nodes can pull it. Without a tag that of this version.',
    { registry: 'localhost', repository: 'pgherd/operator', tag: '', pullPolicy: 'IfNotPresent' },
    members({
      registry: text,
      repository: text,
      tag: text,
      pullPolicy: { type: 'string', enum: ['IfNotPresent', 'Always', 'Never'] },
    }),
  ),
  value('imagePullSecrets', "Secrets to pull the operator's image with: `- name: …`.", [], objects),
  value('nameOverride', 'Instead of `postgres-operator` in names and labels.', '', text),
  value('fullnameOverride', 'Name of the Deployment, the Service, the configuration and so on.', '', text),
  value('podAnnotations', "Annotations of the operator's pods.", {}, texts),
  value('podLabels', "Labels of the operator's pods.", {}, texts),
  value('replicaCount', 'Operators. One works, the others wait with their caches filled.', 1, {
    type: 'integer',
    minimum: 0,
  }),
  value(
    'strategy',
    "How pods of the operator are replaced. Not RollingUpdate while one of them may be Zalando's, which knows no lease.",
    { type: 'Recreate' },
    anyObject,
  ),
  value(
    'configTarget',
    'Form of the configuration: `OperatorConfigurationCRD` or `ConfigMap`.',
    'OperatorConfigurationCRD',
    { type: 'string', enum: ['OperatorConfigurationCRD', 'ConfigMap'] },
  ),
  value('enableJsonLogging', 'Sets ENABLE_JSON_LOGGING.', false, flag),
  value('extraArgs', 'Flags of `pgherd operator run`.', [], { type: 'array', items: text }),
  value('extraEnvs', 'Environment variables of the operator, as in a container.', [], objects),
];

/** Values below the settings. */
export const lastValues: ChartValue[] = [
  value('enableStreams', 'Accepted and without effect: pgherd makes no FabricEventStreams yet.', false, flag),
  value(
    'rbac',
    'Whether roles and bindings are made, and ClusterRoles that extend admin, edit and view.',
    { create: true, createAggregateClusterRoles: false },
    members({ create: flag, createAggregateClusterRoles: flag }),
  ),
  value(
    'serviceAccount',
    "The operator's account. Without a name that of the Deployment.",
    { create: true, name: null, annotations: {} },
    members({ create: flag, name: nullable(text), annotations: texts }),
  ),
  value(
    'podServiceAccount',
    'Account of the database pods, and name of the ClusterRole that it is bound to.',
    { name: 'postgres-pod' },
    members({ name: nullable(text) }),
  ),
  value('priorityClassName', "Priority class of the operator's pods.", '', text),
  value(
    'podPriorityClassName',
    'Priority class of the database pods; `create` makes it. Without a name that of the Deployment with `-pod`.',
    { create: true, name: '', priority: 1000000 },
    { anyOf: [text, members({ create: flag, name: text, priority: { type: 'integer' } })] },
  ),
  value(
    'resources',
    'Of the operator. Measured, see docs/install.md; a CPU limit would only make it late.',
    { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '512Mi' } },
    anyObject,
  ),
  value(
    'podSecurityContext',
    "Of the operator's pods.",
    { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    anyObject,
  ),
  value(
    'securityContext',
    "Of the operator's container.",
    {
      runAsUser: 1000,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    },
    anyObject,
  ),
  value(
    'readinessProbe',
    'Times of the probe on /readyz.',
    { initialDelaySeconds: 1, periodSeconds: 5 },
    anyObject,
  ),
  value(
    'livenessProbe',
    'Times of the probe on /healthz.',
    { initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    anyObject,
  ),
  value(
    'terminationGracePeriodSeconds',
    'Time for the step that is under way when the operator is stopped.',
    30,
    { type: 'integer', minimum: 0 },
  ),
  value('affinity', "Of the operator's pods.", {}, anyObject),
  value('nodeSelector', "Of the operator's pods.", {}, texts),
  value('tolerations', "Of the operator's pods.", [], objects),
  value('topologySpreadConstraints', "Of the operator's pods.", [], objects),
  value(
    'controllerID',
    'With an id the operator looks after manifests with the annotation `acid.zalan.do/controller: ID` and no others. Without a name that of the Deployment.',
    { create: false, name: null },
    members({ create: flag, name: nullable(text) }),
  ),
  value(
    'podDisruptionBudget',
    'Keeps one operator from being evicted, when there are several.',
    { enabled: true },
    members({ enabled: flag }),
  ),
  value(
    'serviceMonitor',
    "For Prometheus' operator. Bind Prometheus' account to the ClusterRole that ends with `-viewer`.",
    {
      enabled: false,
      labels: {},
      interval: '30s',
      bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    },
    members({ enabled: flag, labels: texts, interval: text, bearerTokenFile: text }),
  ),
  value(
    'networkPolicy',
    "Who reaches the operator's HTTP API: peers as in a NetworkPolicy; none given means everybody.",
    { enabled: false, from: [] },
    members({ enabled: flag, from: objects }),
  ),
];

/** Where the settings of a group are in the values; the names are those of Zalando's chart. */
export const settingValues: Record<string, Group> = {
  configGeneral: '',
  configUsers: 'users',
  configMajorVersionUpgrade: 'major_version_upgrade',
  configKubernetes: 'kubernetes',
  configPostgresPodResources: 'postgres_pod_resources',
  configTimeouts: 'timeouts',
  configLoadBalancer: 'load_balancer',
  configAwsOrGcp: 'aws_or_gcp',
  configLogicalBackup: 'logical_backup',
  configDebug: 'debug',
  configTeamsApi: 'teams_api',
  configLoggingRestApi: 'logging_rest_api',
  configScalyr: 'scalyr',
  configConnectionPooler: 'connection_pooler',
  configPatroni: 'patroni',
};
