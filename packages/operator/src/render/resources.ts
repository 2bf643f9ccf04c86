import { parseQuantity, type Configuration, type Postgresql } from '@pgherd/api';
import type { ResourceRequirements } from '@pgherd/kube/objects';

/** Amounts by resource name, e.g. `cpu`, `memory`, `hugepages-2Mi`. */
type Amounts = Record<string, string>;

/** As in a manifest: every amount may be missing. */
interface Wanted {
  requests?: Record<string, string | undefined>;
  limits?: Record<string, string | undefined>;
}

/** A limit that was raised because it was under the operator's minimum. */
export interface RaisedLimit {
  resource: string;
  from: string;
  to: string;
}

/** What the manifest asks for, completed by the operator's defaults (`default_*`). */
export function requestedResources(
  configuration: Configuration,
  wanted: Wanted | undefined,
): { requests: Amounts; limits: Amounts } {
  const complete = (
    given: Wanted['limits'],
    cpu: string | undefined,
    memory: string | undefined,
  ): Amounts => ({
    ...present('cpu', given?.['cpu'], cpu),
    ...present('memory', given?.['memory'], memory),
    ...present('hugepages-2Mi', given?.['hugepages-2Mi']),
    ...present('hugepages-1Gi', given?.['hugepages-1Gi']),
  });
  const requests = complete(
    wanted?.requests,
    configuration.default_cpu_request,
    configuration.default_memory_request,
  );
  const limits = complete(
    wanted?.limits,
    configuration.default_cpu_limit,
    configuration.default_memory_limit,
  );
  for (const [name, limit] of Object.entries(limits)) {
    const request = requests[name];
    if (request === undefined) continue;
    if (valueOf(limit) < valueOf(request)) limits[name] = request;
  }
  return { requests, limits };
}

/** Resources of container `postgres`: also the operator's minimum limits and maximum requests. */
export function postgresResources(
  configuration: Configuration,
  manifest: Postgresql,
): { resources: ResourceRequirements; raised: RaisedLimit[] } {
  const raised: RaisedLimit[] = [];
  const wanted = manifest.spec.resources;
  const limits: Record<string, string | undefined> = { ...wanted?.limits };
  const raise = (name: string, fallback: string | undefined, minimum: string | undefined) => {
    if (isMissing(minimum)) return;
    const limit = isMissing(limits[name]) ? fallback : limits[name];
    const value = isMissing(limit) ? 0 : valueOf(limit);
    if (value >= valueOf(minimum)) return;
    limits[name] = minimum;
    raised.push({ resource: name, from: limit ?? '0', to: minimum });
  };
  raise('cpu', configuration.default_cpu_limit, configuration.min_cpu_limit);
  raise('memory', configuration.default_memory_limit, configuration.min_memory_limit);

  const { requests, limits: complete } = requestedResources(configuration, { ...wanted, limits });
  const cap = (name: string, maximum: string | undefined) => {
    const request = requests[name];
    if (isMissing(maximum) || request === undefined) return;
    if (valueOf(request) > valueOf(maximum)) requests[name] = maximum;
  };
  cap('cpu', configuration.max_cpu_request);
  cap('memory', configuration.max_memory_request);
  return { resources: compact({ requests, limits: complete }), raised };
}

/** Amount of a quantity; the schema has refused what is none. */
function valueOf(quantity: string): number {
  return parseQuantity(quantity) ?? 0;
}

/** Zalando's manifests write "nothing" in these ways. */
function isMissing(value: string | undefined): value is undefined | '' {
  return value === undefined || value === '' || value === '0' || value === 'null';
}

function present(name: string, ...candidates: (string | undefined)[]): Amounts {
  const value = candidates.find((candidate) => !isMissing(candidate));
  return value === undefined ? {} : { [name]: value };
}

function compact({ requests, limits }: { requests: Amounts; limits: Amounts }): ResourceRequirements {
  return {
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}

/** Resources of a sidecar: defaults, but no minimum and no maximum. */
export function sidecarResources(
  configuration: Configuration,
  wanted: Wanted | undefined,
): ResourceRequirements {
  return compact(requestedResources(configuration, wanted));
}
