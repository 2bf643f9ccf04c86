/** One entry of an Accept header, or a Content-Type. */
export interface MediaType {
  /** E.g. `application/json`, lower case. */
  type: string;
  parameters: Record<string, string>;
}

export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters: Record<string, string> = {};
  for (const part of rest) {
    const equal = part.indexOf('=');
    if (equal > 0) {
      parameters[part.slice(0, equal).trim().toLowerCase()] = part
        .slice(equal + 1)
        .replaceAll('"', '')
        .trim();
    }
  }
  return { type: type.toLowerCase(), parameters };
}

/** Entries of an Accept header, most wanted first; no header means anything. */
export function parseAccept(header: string | undefined): MediaType[] {
  if (header === undefined || header.trim() === '') return [{ type: '*/*', parameters: {} }];
  const quality = (entry: MediaType): number => Number(entry.parameters['q'] ?? 1);
  return header
    .split(',')
    .map(parseMediaType)
    .map((entry, index) => ({ entry, index }))
    .sort((a, b) => quality(b.entry) - quality(a.entry) || a.index - b.index)
    .map(({ entry }) => entry);
}

/** How an answer is to be written. */
export interface Representation {
  encoding: 'json' | 'yaml';
  /** `Table` or metadata alone, instead of the object. */
  as?: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | 'APIGroupDiscoveryList';
  /** Version of `as`, e.g. `v1`. */
  version?: string;
}

const transforms = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/**
 * The first entry that this server can write; undefined when there is none (406). Protobuf is never written:
 * clients that ask for it list JSON behind.
 */
export function negotiate(header: string | undefined, discovery = false): Representation | undefined {
  for (const { type, parameters } of parseAccept(header)) {
    const encoding = encodingOf(type);
    if (!encoding) continue;
    const { as, g, v = '' } = parameters;
    if (as === undefined) return { encoding };
    if (discovery) {
      const known = as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io';
      if (known && (v === 'v2' || v === 'v2beta1')) return { encoding, as, version: v };
      continue;
    }
    if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1') || !transforms.has(as)) continue;
    return { encoding, as: as as NonNullable<Representation['as']>, version: v };
  }
  return undefined;
}

function encodingOf(type: string): 'json' | 'yaml' | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}
