import type { Pod, PodSpec } from '@pgherd/kube/objects';
import { expect, test } from 'vitest';
import { hostsFile, podHostname, resolvConf } from './dns-files.ts';

const dns = { server: '10.0.0.1', clusterDomain: 'cluster.local' };
const host = 'domain old.example\nsearch corp.example # ours\nnameserver 9.9.9.9\noptions rotate\n';
const pod = (spec: Partial<PodSpec> = {}): Pod => ({
  metadata: { name: 'demo-0', namespace: 'team' },
  spec: { containers: [], ...spec },
});

test('ClusterFirst asks the cluster’s server and adds the host’s search list', () => {
  expect(resolvConf(pod(), dns, host)).toBe(
    'search team.svc.cluster.local svc.cluster.local cluster.local corp.example\nnameserver 10.0.0.1\noptions ndots:5\n',
  );
});

test.each([
  ['Default', false],
  ['ClusterFirst', true],
])('dnsPolicy %s (host network: %s) is the host’s', (dnsPolicy, hostNetwork) => {
  expect(resolvConf(pod({ dnsPolicy, hostNetwork }), dns, host)).toBe(
    'search corp.example\nnameserver 9.9.9.9\noptions rotate\n',
  );
});

test('dnsConfig adds, and replaces options of the same name', () => {
  const dnsConfig = {
    nameservers: ['1.1.1.1'],
    searches: ['a.b'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  };
  expect(resolvConf(pod({ dnsPolicy: 'None', dnsConfig }), dns, host)).toBe(
    'search a.b\nnameserver 1.1.1.1\noptions ndots:2 edns0\n',
  );
  expect(resolvConf(pod({ dnsConfig }), dns, '')).toContain('options ndots:2 edns0\n');
});

test('names of a pod with a subdomain', () => {
  const spec = { hostname: 'db', subdomain: 'peers' };
  expect(podHostname(pod(spec), 'cluster.local')).toEqual({
    hostname: 'db',
    fqdn: 'db.peers.team.svc.cluster.local',
  });
  expect(hostsFile(pod(spec), ['10.0.0.2'], 'cluster.local', '')).toContain(
    '10.0.0.2\tdb.peers.team.svc.cluster.local\tdb\n',
  );
  expect(podHostname(pod({ ...spec, setHostnameAsFQDN: true }), 'cluster.local').hostname).toBe(
    'db.peers.team.svc.cluster.local',
  );
});

test('on the host’s network the host’s own file, with aliases', () => {
  const text = hostsFile(
    pod({ hostNetwork: true, hostAliases: [{ ip: '1.2.3.4', hostnames: ['x', 'y'] }] }),
    ['10.0.0.1'],
    'cluster.local',
    '127.0.0.1 localhost\n',
  );
  expect(text).toContain('127.0.0.1 localhost\n');
  expect(text).toContain('1.2.3.4\tx\ty\n');
  expect(text).not.toContain('demo-0');
});
