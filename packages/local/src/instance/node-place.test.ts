import { expect, test } from 'vitest';
import type { Instance } from './instance.ts';
import { parseInstance } from './load.ts';
import { instanceOf, placesOf, withNodes, withoutNode } from './node-place.ts';
import { overlaps, parseCidr } from './subnets.ts';

const one: Instance = {
  id: '1a2b3c',
  home: '/h',
  apiPort: 16_443,
  networkName: 'pgherd-1a2b3c',
  bridgeName: 'pgh1a2b3c',
  podSubnet: '10.213.7.0/24',
  gateway: '10.213.7.1',
  serviceSubnet: '10.214.7.0/24',
  kubernetesServiceIp: '10.214.7.1',
  nodeName: 'pgherd',
};
const names = (instance: Instance): string[] => placesOf(instance).map(({ name }) => name);

test('the first node is the instance itself; more have networks of their own that overlap nothing', () => {
  const used = ['10.213.62.0/24', '10.0.0.0/16'];
  const three = withNodes(one, { count: 3 }, used);
  expect(placesOf(three)[0]).toMatchObject({ index: 0, name: 'pgherd', bridgeName: one.bridgeName });
  expect(names(three)).toEqual(['pgherd', 'pgherd-2', 'pgherd-3']);
  const ranges = [...placesOf(three).map(({ podSubnet }) => podSubnet), one.serviceSubnet, ...used].map(
    parseCidr,
  );
  for (const [n, range] of ranges.entries()) {
    for (const other of ranges.slice(n + 1)) expect(overlaps(range, other)).toBe(false);
  }
  // The kernel takes 15 characters, and the cable adds one.
  for (const { bridgeName } of placesOf(three)) expect(bridgeName.length).toBeLessThan(15);
  expect(instanceOf(three, placesOf(three)[1]!)).toMatchObject({ nodeName: 'pgherd-2', apiPort: 16_443 });
});

test('those that are there stay as they are, and a removed name does not change the others', () => {
  const three = withNodes(one, { count: 3 }, []);
  expect(withNodes(three, { count: 3 }, [])).toEqual(three);
  expect(placesOf(withNodes(three, { count: 4 }, [])).slice(0, 3)).toEqual(placesOf(three));
  const fewer = withoutNode(three, 'pgherd-2');
  expect(names(fewer)).toEqual(['pgherd', 'pgherd-3']);
  expect(names(withNodes(fewer, { count: 3 }, []))).toEqual(['pgherd', 'pgherd-3', 'pgherd-4']);
});

test('zones are given in turn, and stay when they are not named', () => {
  const zoned = withNodes(one, { count: 3, zones: ['a', 'b'] }, []);
  expect(placesOf(zoned).map(({ zone }) => zone)).toEqual(['a', 'b', 'a']);
  expect(withNodes(zoned, { count: 3 }, [])).toEqual(zoned);
});

test('what is written is read again; what is wrong in it is named', () => {
  const written = withNodes(one, { count: 2 }, []);
  expect(parseInstance(JSON.stringify(written), 'f', one.id)).toEqual(written);
  const broken = { ...written, nodes: [{ ...written.nodes?.[0], podSubnet: 'x' }] };
  expect(() => parseInstance(JSON.stringify(broken), 'f', one.id)).toThrow('field nodes[0].podSubnet');
  expect(() => parseInstance(JSON.stringify({ ...one, nodes: [{}] }), 'f', one.id)).toThrow('nodes[0].name');
});
