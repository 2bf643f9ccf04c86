import { isObject } from './schema.ts';

export type Fields = Record<string, unknown>;

export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

export function itemsOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter((item) => isObject(item)) : [];
}

/** Sets each member that is absent (or null); for text, empty counts as absent, as in Go. */
export function fill(target: Fields, values: Fields): void {
  for (const [key, value] of Object.entries(values)) {
    const present = target[key];
    if (present === undefined || present === null || (present === '' && typeof value === 'string'))
      target[key] = value;
  }
}

/** Without a tag, or with `latest`, an image may be another each time. A digest never is. */
function pullPolicy(image: unknown): string {
  const name = typeof image === 'string' ? image : '';
  const [bare = '', digest] = name.split('@');
  const tag = /:([^:/]+)$/.exec(bare)?.[1];
  return tag === 'latest' || (tag === undefined && digest === undefined) ? 'Always' : 'IfNotPresent';
}

function handlerDefaults(handler: Fields): void {
  if (isObject(handler['httpGet'])) fill(handler['httpGet'], { path: '/', scheme: 'HTTP' });
  if (isObject(handler['grpc'])) fill(handler['grpc'], { service: '' });
}

function probeDefaults(probe: unknown): void {
  if (!isObject(probe)) return;
  handlerDefaults(probe);
  const numbers = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  for (const [key, value] of Object.entries(numbers)) if (!probe[key]) probe[key] = value;
}

function containerDefaults(container: Fields, hostNetwork: boolean): void {
  fill(container, {
    imagePullPolicy: pullPolicy(container['image']),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    resources: {},
  });
  for (const port of itemsOf(container['ports'])) {
    fill(port, { protocol: 'TCP' });
    if (hostNetwork && !port['hostPort']) port['hostPort'] = port['containerPort'];
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) probeDefaults(container[probe]);
  for (const hook of Object.values(fieldsOf(container['lifecycle']))) handlerDefaults(fieldsOf(hook));
  for (const variable of itemsOf(container['env'])) {
    const reference = fieldsOf(variable['valueFrom'])['fieldRef'];
    if (isObject(reference)) fill(reference, { apiVersion: 'v1' });
  }
}

function downwardItems(source: Fields): void {
  for (const item of itemsOf(source['items']))
    if (isObject(item['fieldRef'])) fill(item['fieldRef'], { apiVersion: 'v1' });
}

function volumeDefaults(volume: Fields): void {
  if (Object.keys(volume).every((key) => key === 'name' || volume[key] === null)) volume['emptyDir'] = {};
  for (const kind of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const source = volume[kind];
    if (isObject(source)) fill(source, { defaultMode: 0o644 });
  }
  downwardItems(fieldsOf(volume['downwardAPI']));
  for (const source of itemsOf(fieldsOf(volume['projected'])['sources'])) {
    if (isObject(source['serviceAccountToken']))
      fill(source['serviceAccountToken'], { expirationSeconds: 3600 });
    downwardItems(fieldsOf(source['downwardAPI']));
  }
  if (isObject(volume['hostPath'])) fill(volume['hostPath'], { type: '' });
  const template = fieldsOf(fieldsOf(volume['ephemeral'])['volumeClaimTemplate']);
  if (isObject(template['spec'])) fill(template['spec'], { volumeMode: 'Filesystem' });
}

/** Defaults of a pod's spec, in pods and in templates. */
export function podSpecDefaults(spec: Fields): void {
  fill(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
  });
  // The old name of the field always says the same.
  const account = spec['serviceAccountName'] || spec['serviceAccount'];
  if (account) {
    spec['serviceAccountName'] = account;
    spec['serviceAccount'] = account;
  }
  const hostNetwork = spec['hostNetwork'] === true;
  for (const list of ['initContainers', 'containers', 'ephemeralContainers'])
    for (const container of itemsOf(spec[list])) containerDefaults(container, hostNetwork);
  for (const volume of itemsOf(spec['volumes'])) volumeDefaults(volume);
}

/** Defaults of pods themselves, which templates do not get: requests from limits, links to Services. */
export function podDefaults(pod: Fields): void {
  const spec = fieldsOf(pod['spec']);
  podSpecDefaults(spec);
  fill(spec, { enableServiceLinks: true });
  for (const list of ['initContainers', 'containers']) {
    for (const container of itemsOf(spec[list])) {
      const resources = fieldsOf(container['resources']);
      if (isObject(resources['limits']))
        resources['requests'] = { ...resources['limits'], ...fieldsOf(resources['requests']) };
    }
  }
}

/** Defaults of `spec.template` of a workload. */
export function templateDefaults(workload: Fields): void {
  const template = workload['template'];
  if (isObject(template) && isObject(template['spec'])) podSpecDefaults(template['spec']);
}
