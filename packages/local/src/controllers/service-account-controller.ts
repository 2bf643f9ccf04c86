import { configMaps, namespaces, serviceAccounts } from '@pgherd/kube/objects';
import { done } from '@pgherd/kube/queue';
import type { Controller } from './controller.ts';
import { Objects, splitKey } from './objects.ts';

const ROOT_CA = 'kube-root-ca.crt';

/** Each namespace has the ServiceAccount `default` and the authority's certificate in a ConfigMap. */
export function serviceAccountController(objects: Objects, caCertificate: string): Controller {
  const data = { 'ca.crt': caCertificate };
  return {
    name: 'serviceaccount',
    interests: [
      { resource: namespaces, keys: ({ metadata }) => [`${metadata.name ?? ''}/`] },
      {
        resource: serviceAccounts,
        keys: ({ metadata }) => (metadata.name === 'default' ? [`${metadata.namespace ?? ''}/`] : []),
      },
      {
        resource: configMaps,
        keys: ({ metadata }) => (metadata.name === ROOT_CA ? [`${metadata.namespace ?? ''}/`] : []),
      },
    ],
    reconcile(key) {
      const [name] = splitKey(key);
      const namespace = objects.get(namespaces, undefined, name);
      if (!namespace || namespace.metadata.deletionTimestamp !== undefined) return done;
      if (!objects.get(serviceAccounts, name, 'default')) {
        objects.create(serviceAccounts, {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'default', namespace: name },
        });
      }
      const present = objects.get(configMaps, name, ROOT_CA);
      if (!present) {
        objects.create(configMaps, {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: ROOT_CA, namespace: name },
          data,
        });
      } else if (present.data?.['ca.crt'] !== caCertificate) {
        objects.update(configMaps, { ...present, data });
      }
      return done;
    },
  };
}
