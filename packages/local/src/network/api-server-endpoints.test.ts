import { expect, test } from 'vitest';
import { openRegistry } from '../registry/open-registry.ts';
import { publishApiServer } from './api-server-endpoints.ts';
import { endpointsResource, serviceResource } from './resources.ts';
import { servicePorts } from './service-ports.ts';

test('the cluster IP of default/kubernetes leads to the gateway, also after the port has changed', () => {
  const registry = openRegistry({ path: ':memory:', serviceSubnet: '10.214.7.0/24', apiPort: 16_443 });
  const version = (): unknown =>
    registry.get(endpointsResource, 'default', 'kubernetes').metadata.resourceVersion;
  const backends = (): unknown =>
    servicePorts(registry.list(serviceResource).items, registry.list(endpointsResource).items)[0];

  publishApiServer(registry, { gateway: '10.213.7.1', apiPort: 16_443 });
  const expected = {
    clusterIp: '10.214.7.1',
    port: 443,
    backends: [{ address: '10.213.7.1', port: 16_443 }],
  };
  expect(backends()).toMatchObject(expected);

  const before = version();
  publishApiServer(registry, { gateway: '10.213.7.1', apiPort: 16_443 });
  expect(version()).toBe(before);

  publishApiServer(registry, { gateway: '10.213.7.1', apiPort: 16_444 });
  expect(backends()).toMatchObject({ backends: [{ address: '10.213.7.1', port: 16_444 }] });
  registry.close();
});
