/** A path under `/api/v1` or `/apis/GROUP/VERSION`, taken apart. */
export interface ResourcePath {
  group: string;
  version: string;
  /** Absent: cluster scope, or all namespaces. */
  namespace?: string;
  plural: string;
  name?: string;
  subresource?: string;
  /** The deprecated `/watch/` prefix was there. */
  watch: boolean;
}

/**
 * Takes a path apart by Kubernetes' grammar; undefined when it names no resource (discovery, health, …).
 *
 * @throws URIError when a segment is not valid percent-encoding.
 */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decodeURIComponent(part));
  const root = parts.shift();
  let group = '';
  if (root === 'apis') group = parts.shift() ?? '';
  else if (root !== 'api') return undefined;
  const version = parts.shift();
  if (version === undefined || parts.length === 0) return undefined;
  let watch = false;
  if (parts[0] === 'watch' && parts.length > 1) {
    watch = true;
    parts.shift();
  }
  const base = { group, version, watch };
  if (parts[0] === 'namespaces' && parts.length > 2 && !namespaceSubresources.has(parts[2] ?? '')) {
    const [, namespace = '', plural = '', ...rest] = parts;
    return rest.length > 2 ? undefined : { ...base, namespace, plural, ...objectOf(rest) };
  }
  const [plural = '', ...rest] = parts;
  return rest.length > 2 ? undefined : { ...base, plural, ...objectOf(rest) };
}

const namespaceSubresources = new Set(['status', 'finalize']);

function objectOf([name, subresource]: string[]): { name?: string; subresource?: string } {
  return {
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}
