import { isObject, forbidden, invalid, notSupported, required, type FieldError } from '@pgherd/kube/schema';

type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});
const itemsOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const envName = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const envText =
  "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";

/** What the schema cannot say of the parts of a container, in Kubernetes' words. */
export function containerPartErrors(container: Fields, path: string): FieldError[] {
  const policy = container['imagePullPolicy'];
  const policies = ['Always', 'IfNotPresent', 'Never'];
  return [
    ...(policy === undefined || policies.includes(textOf(policy))
      ? []
      : [notSupported(`${path}.imagePullPolicy`, policy, policies)]),
    ...itemsOf(container['env']).flatMap(({ name }, n) => nameErrors(textOf(name), `${path}.env[${n}].name`)),
    ...itemsOf(container['envFrom']).flatMap((each, n) => sourceErrors(each, `${path}.envFrom[${n}]`)),
    ...itemsOf(container['ports']).flatMap((each, n) => portErrors(each, `${path}.ports[${n}]`)),
    ...itemsOf(container['volumeMounts']).flatMap((each, n) =>
      mountErrors(each, `${path}.volumeMounts[${n}]`),
    ),
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((name) =>
      isObject(container[name]) ? probeErrors(container[name], `${path}.${name}`, name) : [],
    ),
    ...securityErrors(fieldsOf(container['securityContext']), `${path}.securityContext`),
  ];
}

function nameErrors(name: string, field: string): FieldError[] {
  if (name === '') return [];
  if (!envName.test(name)) return [invalid(field, name, envText)];
  if (name === '.' || name === '..') return [invalid(field, name, `must not be '${name}'`)];
  return name.startsWith('..') ? [invalid(field, name, "must not start with '..'")] : [];
}

function sourceErrors(source: Fields, path: string): FieldError[] {
  const prefix = textOf(source['prefix']);
  const given = ['configMapRef', 'secretRef'].filter((each) => isObject(source[each]));
  const errors = nameErrors(prefix, `${path}.prefix`);
  if (given.length === 0) {
    errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
  } else if (given.length > 1) {
    errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  }
  return errors;
}

function portErrors({ protocol, hostPort }: Fields, path: string): FieldError[] {
  const protocols = ['SCTP', 'TCP', 'UDP'];
  const errors: FieldError[] = [];
  if (protocol !== undefined && !protocols.includes(textOf(protocol))) {
    errors.push(notSupported(`${path}.protocol`, protocol, protocols));
  }
  if (typeof hostPort === 'number' && (hostPort < 0 || hostPort > 65_535)) {
    errors.push(invalid(`${path}.hostPort`, hostPort, 'must be between 1 and 65535, inclusive'));
  }
  return errors;
}

function mountErrors({ mountPath, subPath, subPathExpr }: Fields, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (textOf(mountPath).includes(':')) {
    errors.push(invalid(`${path}.mountPath`, mountPath, "must not contain ':'"));
  }
  if (textOf(subPath) !== '' && textOf(subPathExpr) !== '') {
    const why = 'subPathExpr and subPath are mutually exclusive';
    errors.push(invalid(`${path}.subPathExpr`, subPathExpr, why));
  }
  for (const [name, value] of Object.entries({
    subPath: textOf(subPath),
    subPathExpr: textOf(subPathExpr),
  })) {
    if (value.startsWith('/')) errors.push(invalid(`${path}.${name}`, value, 'must be a relative path'));
    if (value.split('/').includes('..')) {
      errors.push(invalid(`${path}.${name}`, value, "must not contain '..'"));
    }
  }
  return errors;
}

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'];
const numbers = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
];

function probeErrors(probe: Fields, path: string, name: string): FieldError[] {
  const [first, ...more] = handlers.filter((each) => isObject(probe[each]));
  const errors: FieldError[] = more.map((each) =>
    forbidden(`${path}.${each}`, 'may not specify more than 1 handler type'),
  );
  if (first === undefined) errors.push(required(path, 'must specify a handler type'));
  for (const number of numbers) {
    const value = probe[number];
    if (typeof value === 'number' && value < 0) {
      errors.push(invalid(`${path}.${number}`, value, 'must be greater than or equal to 0'));
    }
  }
  const threshold = probe['successThreshold'];
  if (name !== 'readinessProbe' && threshold !== undefined && threshold !== 1) {
    errors.push(invalid(`${path}.successThreshold`, threshold, 'must be 1'));
  }
  return errors;
}

const highestId = 2_147_483_647;

/** Users and groups of a pod or a container, and what contradicts itself. */
export function securityErrors(context: Fields, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['runAsUser', 'runAsGroup', 'fsGroup']) {
    const id = context[field];
    if (typeof id === 'number' && (id < 0 || id > highestId)) {
      errors.push(invalid(`${path}.${field}`, id, `must be between 0 and ${highestId}, inclusive`));
    }
  }
  const added = fieldsOf(context['capabilities'])['add'];
  const contradicts = [
    ...(context['privileged'] === true ? ['`privileged` to true'] : []),
    ...(Array.isArray(added) && added.includes('CAP_SYS_ADMIN') ? ['`capabilities.Add` CAP_SYS_ADMIN'] : []),
  ];
  if (context['allowPrivilegeEscalation'] === false) {
    for (const what of contradicts) {
      errors.push(invalid(path, context, `cannot set \`allowPrivilegeEscalation\` to false and ${what}`));
    }
  }
  return errors;
}

/** What a volume's source has to name. */
export function volumeErrors(volume: Fields, path: string): FieldError[] {
  const must = (source: string, field: string): FieldError[] => {
    const given = volume[source];
    return isObject(given) && textOf(given[field]) === '' ? [required(`${path}.${source}.${field}`)] : [];
  };
  const modes = ['secret', 'configMap', 'downwardAPI', 'projected'].flatMap((source) => {
    const mode = fieldsOf(volume[source])['defaultMode'];
    if (typeof mode !== 'number' || (mode >= 0 && mode <= 0o777)) return [];
    const why = 'must be a number between 0 and 0777 (octal), both inclusive';
    return [invalid(`${path}.${source}.defaultMode`, mode, why)];
  });
  return [
    ...must('secret', 'secretName'),
    ...must('configMap', 'name'),
    ...must('persistentVolumeClaim', 'claimName'),
    ...must('hostPath', 'path'),
    ...modes,
  ];
}
