import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Parts of the manifest that vary. */
export interface ManifestOptions {
  name: string;
  instances: number;
  synchronous?: boolean;
}

const minimal = new URL('../../manifests/minimal-postgres-manifest.yaml', import.meta.url);

/** The project's minimal manifest under another name. */
export function clusterManifest(options: ManifestOptions): Record<string, unknown> {
  const manifest = parse(readFileSync(minimal, 'utf8')) as { metadata: object; spec: object };
  return {
    ...manifest,
    metadata: { ...manifest.metadata, name: options.name, namespace: 'default' },
    spec: {
      ...manifest.spec,
      numberOfInstances: options.instances,
      ...(options.synchronous === true ? { patroni: { synchronous_mode: true } } : {}),
    },
  };
}
