/** Parts of a manifest that the tests vary. */
export interface ManifestOptions {
  name: string;
  instances: number;
  synchronous?: boolean;
}

/** The minimal manifest of the project, under another name. */
export function clusterManifest(options: ManifestOptions): Record<string, unknown> {
  return {
    apiVersion: 'acid.zalan.do/v1',
    kind: 'postgresql',
    metadata: { name: options.name, namespace: 'default' },
    spec: {
      teamId: 'acid',
      numberOfInstances: options.instances,
      volume: { size: '1Gi' },
      users: { zalando: ['superuser', 'createdb'], foo_user: [] },
      databases: { foo: 'zalando' },
      postgresql: { version: '17' },
      ...(options.synchronous === true ? { patroni: { synchronous_mode: true } } : {}),
    },
  };
}
