import { parseQuantity, type Configuration, type Postgresql } from '@pgherd/api';
import type { ResourceRequirements } from '@pgherd/kube/objects';

/** Amounts by resource name, e.g. `cpu`, `memory`, `hugepages-2Mi`. */
type Amounts = Record<string, string>;

/** As in a manifest: every amount may be missing. */
export interface WantedResources {
  requests?: Record<string, string | undefined>;
  limits?: Record<string, string | undefined>;
}

/** A limit that was raised because it was under the operator's minimum. */
export interface RaisedLimit {
  resource: 'cpu' | 'memory';
  /** `none` where there was no limit. */
  from: string;
  to: string;
}

/** The operator's `default_*`: what containers get whose own amounts are missing. */
export function defaultResources(configuration: Configuration): WantedResources {
  return {
    requests: { cpu: configuration.default_cpu_request, memory: configuration.default_memory_request },
    limits: { cpu: configuration.default_cpu_limit, memory: configuration.default_memory_limit },
  };
}

/**
 * Resources of any container: what is wanted, completed by defaults; a limit is never under its request, and with
 * `set_memory_request_to_limit` the memory request is not under its limit either.
 */
export function containerResources(
  configuration: Configuration,
  wanted: WantedResources | undefined,
  defaults: WantedResources = defaultResources(configuration),
): ResourceRequirements {
  return compact(complete(configuration, wanted, defaults));
}

/** Resources of container `postgres`: also within the operator's smallest limits and largest requests. */
export function postgresResources(
  configuration: Configuration,
  manifest: Postgresql,
): { resources: ResourceRequirements; raised: RaisedLimit[] } {
  const wanted = manifest.spec.resources;
  const defaults = defaultResources(configuration);
  if (isExempt(configuration, manifest)) {
    return { resources: containerResources(configuration, wanted, defaults), raised: [] };
  }
  const { limits, raised } = withMinimum(configuration, wanted, defaults);
  const amounts = complete(configuration, { ...wanted, limits }, defaults);
  const { requests } = amounts;
  const cap = (name: string, maximum: string | undefined) => {
    const request = requests[name];
    if (isMissing(maximum) || request === undefined) return;
    if (valueOf(request) > valueOf(maximum)) requests[name] = maximum;
  };
  cap('cpu', configuration.max_cpu_request);
  cap('memory', configuration.max_memory_request);
  return { resources: compact(amounts), raised };
}

/** Whether the manifest carries the annotation that frees it from the operator's limits of resources. */
function isExempt(configuration: Configuration, manifest: Postgresql): boolean {
  const key = configuration.ignore_resources_limits_annotation_key;
  return key !== '' && manifest.metadata.annotations?.[key] === 'true';
}

/** The wanted limits, none under `min_cpu_limit` and `min_memory_limit`; no limit counts as one of 0. */
function withMinimum(
  configuration: Configuration,
  wanted: WantedResources | undefined,
  defaults: WantedResources,
): { limits: Record<string, string | undefined>; raised: RaisedLimit[] } {
  const limits = { ...wanted?.limits };
  const raised: RaisedLimit[] = [];
  const minima = { cpu: configuration.min_cpu_limit, memory: configuration.min_memory_limit };
  for (const resource of ['cpu', 'memory'] as const) {
    const minimum = minima[resource];
    const limit = first(limits[resource], defaults.limits?.[resource]);
    if (isMissing(minimum) || (limit !== undefined && valueOf(limit) >= valueOf(minimum))) continue;
    limits[resource] = minimum;
    raised.push({ resource, from: limit ?? 'none', to: minimum });
  }
  return { limits, raised };
}

function complete(
  configuration: Configuration,
  wanted: WantedResources | undefined,
  defaults: WantedResources,
): { requests: Amounts; limits: Amounts } {
  const part = (name: 'requests' | 'limits'): Amounts => ({
    ...present('cpu', wanted?.[name]?.['cpu'], defaults[name]?.['cpu']),
    ...present('memory', wanted?.[name]?.['memory'], defaults[name]?.['memory']),
    // Huge pages belong to the node; no default can know whether there are any.
    ...present('hugepages-2Mi', wanted?.[name]?.['hugepages-2Mi']),
    ...present('hugepages-1Gi', wanted?.[name]?.['hugepages-1Gi']),
  });
  const [requests, limits] = [part('requests'), part('limits')];
  for (const [name, limit] of Object.entries(limits)) {
    const request = requests[name];
    if (request !== undefined && valueOf(limit) < valueOf(request)) limits[name] = request;
  }
  const { memory } = limits;
  if (
    configuration.set_memory_request_to_limit &&
    memory !== undefined &&
    valueOf(requests['memory'] ?? '0') < valueOf(memory)
  ) {
    requests['memory'] = memory;
  }
  return { requests, limits };
}

/** Amount of a quantity; the schema has refused what is none. */
function valueOf(quantity: string): number {
  return parseQuantity(quantity) ?? 0;
}

/** Zalando's manifests write "nothing" in these ways. */
function isMissing(value: string | undefined): value is undefined | '' {
  return value === undefined || value === '' || value === '0' || value === 'null';
}

function first(...candidates: (string | undefined)[]): string | undefined {
  return candidates.find((candidate) => !isMissing(candidate));
}

function present(name: string, ...candidates: (string | undefined)[]): Amounts {
  const value = first(...candidates);
  return value === undefined ? {} : { [name]: value };
}

function compact({ requests, limits }: { requests: Amounts; limits: Amounts }): ResourceRequirements {
  return {
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}
