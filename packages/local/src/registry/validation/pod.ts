import { quantityNumber, type KubeObject } from '@pgherd/kube/objects';
import {
  duplicate,
  forbidden,
  invalid,
  isObject,
  notFound,
  notSupported,
  required,
  type FieldError,
} from '@pgherd/kube/schema';
import { semanticEqual } from '../equal.ts';
import { containerPartErrors, securityErrors, volumeErrors } from './container.ts';
import { placementErrors, type Placement } from './placement.ts';

interface Named {
  name?: string;
}

export interface ContainerSpec extends Named {
  image?: string;
  ports?: { name?: string; containerPort?: number; protocol?: string }[];
  env?: { name?: string; value?: string; valueFrom?: Record<string, unknown> }[];
  volumeMounts?: { name?: string; mountPath?: string }[];
  resources?: { requests?: Record<string, unknown>; limits?: Record<string, unknown> };
  [field: string]: unknown;
}

export interface PodSpec {
  containers?: ContainerSpec[];
  initContainers?: ContainerSpec[];
  volumes?: Named[];
  tolerations?: unknown[];
  activeDeadlineSeconds?: number;
  terminationGracePeriodSeconds?: number;
  [field: string]: unknown;
}

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const specOf = (object: KubeObject): PodSpec => (object['spec'] ?? {}) as PodSpec;

/** What the schema cannot say of a Pod, in Kubernetes' words. */
export function validatePod(object: KubeObject): FieldError[] {
  return podSpecErrors(specOf(object), 'spec');
}

/** The same for the spec of a Pod or of a template. */
export function podSpecErrors(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const volumes = new Set<string>();
  for (const [index, volume] of (spec.volumes ?? []).entries()) {
    const field = `${path}.volumes[${index}]`;
    errors.push(...nameErrors(volume.name, `${field}.name`));
    if (volume.name !== undefined && volumes.has(volume.name)) {
      errors.push(duplicate(`${field}.name`, volume.name));
    }
    volumes.add(volume.name ?? '');
    errors.push(...volumeErrors({ ...volume }, field));
    const sources = Object.keys(volume).filter((key) => key !== 'name');
    if (sources.length > 1) {
      errors.push(forbidden(`${field}.${sources[1]}`, 'may not specify more than 1 volume type'));
    }
  }
  if ((spec.containers ?? []).length === 0) errors.push(required(`${path}.containers`));
  if (spec['hostUsers'] === false) {
    errors.push(forbidden(`${path}.hostUsers`, 'user namespaces are not supported by this engine'));
  }
  const names = new Set<string>();
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [index, container] of (spec[list] ?? []).entries()) {
      errors.push(...containerErrors(container, `${path}.${list}[${index}]`, names, volumes));
    }
  }
  errors.push(...placementErrors(spec as Placement, path), ...choiceErrors(spec, path));
  const security = spec['securityContext'];
  if (isObject(security)) errors.push(...securityErrors(security, `${path}.securityContext`));
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && deadline < 1) {
    errors.push(
      invalid(`${path}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'),
    );
  }
  return errors;
}

const choices: Readonly<Record<string, readonly string[]>> = {
  restartPolicy: ['Always', 'OnFailure', 'Never'],
  dnsPolicy: ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'],
};

function choiceErrors(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [field, known] of Object.entries(choices)) {
    const value = spec[field];
    if (typeof value !== 'string' || value === '' || known.includes(value)) continue;
    errors.push(notSupported(`${path}.${field}`, value, [...known]));
  }
  const grace = spec.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0) {
    const why = 'must be greater than or equal to 0';
    errors.push(invalid(`${path}.terminationGracePeriodSeconds`, grace, why));
  }
  return errors;
}

function nameErrors(name: string | undefined, field: string): FieldError[] {
  if (!name) return [required(field)];
  return label.test(name) ? [] : [invalid(field, name, labelText)];
}

function containerErrors(
  container: ContainerSpec,
  path: string,
  names: Set<string>,
  volumes: Set<string>,
): FieldError[] {
  const errors = nameErrors(container.name, `${path}.name`);
  const name = container.name ?? '';
  if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
  names.add(name);
  if (!container.image) errors.push(required(`${path}.image`));
  const portNames = new Set<string>();
  for (const [index, port] of (container.ports ?? []).entries()) {
    const field = `${path}.ports[${index}]`;
    const number = port.containerPort ?? 0;
    if (number < 1 || number > 65535) {
      errors.push(invalid(`${field}.containerPort`, number, 'must be between 1 and 65535, inclusive'));
    }
    if (port.name) {
      if (portNames.has(port.name)) errors.push(duplicate(`${field}.name`, port.name));
      portNames.add(port.name);
    }
  }
  for (const [index, variable] of (container.env ?? []).entries()) {
    if (!variable.name) errors.push(required(`${path}.env[${index}].name`));
    if (variable.value && variable.valueFrom) {
      errors.push(
        invalid(`${path}.env[${index}].valueFrom`, '', 'may not be specified when `value` is not empty'),
      );
    }
  }
  const paths = new Set<string>();
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const field = `${path}.volumeMounts[${index}]`;
    if (!mount.name) errors.push(required(`${field}.name`));
    else if (!volumes.has(mount.name)) errors.push(notFound(`${field}.name`, mount.name));
    if (!mount.mountPath) errors.push(required(`${field}.mountPath`));
    else if (paths.has(mount.mountPath)) {
      errors.push(invalid(`${field}.mountPath`, mount.mountPath, 'must be unique'));
    }
    paths.add(mount.mountPath ?? '');
  }
  return [...errors, ...containerPartErrors(container, path), ...resourceErrors(container, path)];
}

function resourceErrors(container: ContainerSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { requests = {}, limits = {} } = container.resources ?? {};
  for (const [kind, values] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      const field = `${path}.resources.${kind}[${name}]`;
      const number = quantityNumber(value);
      if (number === undefined) {
        errors.push(
          invalid(
            field,
            value,
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
          ),
        );
      } else if (number < 0) errors.push(invalid(field, value, 'must be greater than or equal to 0'));
    }
  }
  for (const [name, value] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined) continue;
    if ((quantityNumber(value) ?? 0) > (quantityNumber(limit) ?? 0)) {
      errors.push(
        invalid(
          `${path}.resources.requests`,
          value,
          `must be less than or equal to ${name} limit of ${JSON.stringify(limit)}`,
        ),
      );
    }
  }
  return errors;
}

const mutableText =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Almost nothing of a Pod's spec may change. */
export function validatePodUpdate(next: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const now = comparable(specOf(next));
  const before = comparable(specOf(old));
  for (const list of ['containers', 'initContainers'] as const) {
    if ((specOf(next)[list] ?? []).length !== (specOf(old)[list] ?? []).length) {
      return [forbidden(`spec.${list}`, 'pod updates may not add or remove containers')];
    }
  }
  const tolerations = specOf(next).tolerations ?? [];
  const kept = (specOf(old).tolerations ?? []).every((t) => tolerations.some((n) => semanticEqual(n, t)));
  if (!kept) {
    errors.push(
      forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
    );
  }
  const deadline = specOf(next).activeDeadlineSeconds;
  const oldDeadline = specOf(old).activeDeadlineSeconds;
  if (oldDeadline !== undefined && (deadline === undefined || deadline > oldDeadline)) {
    errors.push(
      invalid(
        'spec.activeDeadlineSeconds',
        deadline,
        deadline === undefined
          ? 'must not update from a positive integer to nil value'
          : 'must be less than or equal to previous value',
      ),
    );
  }
  if (!semanticEqual(now, before)) errors.push(forbidden('spec', mutableText));
  return errors;
}

function comparable(spec: PodSpec): unknown {
  const { tolerations: _t, activeDeadlineSeconds: _a, ...rest } = spec;
  const withoutImage = ({ image: _i, ...container }: ContainerSpec) => container;
  return {
    ...rest,
    containers: (spec.containers ?? []).map(withoutImage),
    initContainers: (spec.initContainers ?? []).map(withoutImage),
  };
}
