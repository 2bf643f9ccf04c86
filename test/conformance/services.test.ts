import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { patchTypes, shellPod, useLab, type Answer, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/services-networking/service/
const lab = useLab('services');
const path = (...rest: string[]): string => lab.in('v1', 'services', ...rest);
const post = (name: string, spec: object): Promise<Answer> =>
  lab.request('POST', path(), { body: { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec } });
const ports = [{ name: 'main', port: 80 }];

test('gets a cluster IP and defaults (service/#type-clusterip)', async () => {
  const { code, body } = await post('plain', { ports });
  expect(code).toBe(201);
  expect(body.spec).toMatchObject({
    type: 'ClusterIP',
    sessionAffinity: 'None',
    clusterIP: expect.stringMatching(/^[0-9a-f.:]+$/),
    ipFamilyPolicy: 'SingleStack',
    internalTrafficPolicy: 'Cluster',
    ports: [{ name: 'main', port: 80, targetPort: 80, protocol: 'TCP' }],
  });
  expect(body.spec.clusterIPs).toEqual([body.spec.clusterIP]);
  expect(body.spec.ipFamilies).toHaveLength(1);
});

test('a cluster IP is given once (service/#choosing-your-own-ip-address)', async () => {
  const first = (await post('first', { ports })).body;
  const second = await post('second', { ports, clusterIP: first.spec.clusterIP });
  expect(second.code).toBe(422);
  expect(second.body.message).toContain('already allocated');
  const outside = await post('outside', { ports, clusterIP: '192.0.2.1' });
  expect(outside.code).toBe(422);
  await lab.ok('DELETE', path('first'));
  const third = await post('third', { ports, clusterIP: first.spec.clusterIP });
  expect(third.body.spec.clusterIP).toBe(first.spec.clusterIP);
});

test('the cluster IP is immutable (service/#choosing-your-own-ip-address)', async () => {
  const { body } = await post('immutable', { ports });
  for (const clusterIP of ['None', body.spec.clusterIP.replace(/\d+$/, '254')]) {
    const changed = { ...body, spec: { ...body.spec, clusterIP, clusterIPs: [clusterIP] } };
    const { code } = await lab.request('PUT', path('immutable'), { body: changed });
    expect(code, clusterIP).toBe(422);
  }
  const { clusterIP: _1, clusterIPs: _2, ...spec } = body.spec;
  const kept = await lab.ok('PUT', path('immutable'), { ...body, spec });
  expect(kept.spec.clusterIP).toBe(body.spec.clusterIP);
});

test('headless: None (service/#headless-services)', async () => {
  const { body } = await post('headless', { ports, clusterIP: 'None' });
  expect(body.spec).toMatchObject({ clusterIP: 'None', clusterIPs: ['None'] });
});

test('ports: names when there are several, no two the same, in range (service/#multi-port-services)', async () => {
  for (const wrong of [
    [{ port: 80 }, { port: 81 }],
    [
      { name: 'a', port: 80 },
      { name: 'a', port: 81 },
    ],
    [
      { name: 'a', port: 80 },
      { name: 'b', port: 80 },
    ],
    [{ port: 0 }],
    [{ port: 70_000 }],
    [],
  ]) {
    expect((await post('ports', { ports: wrong })).code, JSON.stringify(wrong)).toBe(422);
  }
});

test('the name is a DNS label that begins with a letter (service/#defining-a-service)', async () => {
  for (const name of ['1begins-with-digit', 'with.dot', 'x'.repeat(64)])
    expect((await post(name, { ports })).code, name).toBe(422);
});

const endpoints = (name: string): Promise<Loose> =>
  lab.request('GET', lab.in('v1', 'endpoints', name)).then(({ body }) => body);
const slices = async (name: string): Promise<Loose[]> =>
  (
    await lab.ok(
      'GET',
      `${lab.in('discovery.k8s.io/v1', 'endpointslices')}?labelSelector=kubernetes.io%2Fservice-name%3D${name}`,
    )
  ).items;
const makePod = (name: string, app: string, command: string, more: Loose = {}): Promise<Loose> =>
  lab.ok('POST', lab.in('v1', 'pods'), shellPod(lab.image, name, command, { labels: { app }, ...more }));

test('endpoints and slices follow ready pods (service/#endpointslices, endpoint-slices)', async () => {
  await post('follow', {
    selector: { app: 'follow' },
    ports: [{ name: 'main', port: 80, targetPort: 'named' }],
  });
  const probe = { exec: { command: ['test', '-e', '/tmp/ready'] }, periodSeconds: 1 };
  const container = { readinessProbe: probe, ports: [{ name: 'named', containerPort: 8080 }] };
  await makePod('follow-0', 'follow', 'while sleep 1; do :; done', { container });
  const unready = await eventually('the address that is not ready', async () => {
    const object = await endpoints('follow');
    return object.subsets?.[0]?.notReadyAddresses === undefined ? undefined : object;
  });
  const address = unready.subsets[0].notReadyAddresses[0];
  expect(address.targetRef).toMatchObject({ kind: 'Pod', name: 'follow-0', namespace: lab.namespace });
  expect(unready.subsets[0].ports).toEqual([{ name: 'main', port: 8080, protocol: 'TCP' }]);
  const { exitCode } = await lab.client.exec(
    { namespace: lab.namespace, name: 'follow-0' },
    { command: ['touch', '/tmp/ready'] },
  );
  expect(exitCode).toBe(0);
  await eventually('the address is ready', async () => {
    return (await endpoints('follow')).subsets?.[0]?.addresses?.[0]?.ip === address.ip;
  });
  const slice = await eventually('the slice has a ready endpoint', async () =>
    (await slices('follow')).find((each) => each.endpoints?.[0]?.conditions?.ready === true),
  );
  expect(slice).toMatchObject({
    addressType: 'IPv4',
    ports: [{ name: 'main', port: 8080, protocol: 'TCP' }],
  });
  expect(slice.endpoints[0]).toMatchObject({
    addresses: [address.ip],
    targetRef: { kind: 'Pod', name: 'follow-0' },
    nodeName: expect.any(String),
  });
  await lab.ok('DELETE', lab.in('v1', 'pods', 'follow-0'));
  await eventually(
    'the address is gone',
    async () => ((await endpoints('follow')).subsets ?? []).length === 0,
  );
});

test('without selector: endpoints are the client’s, and mirrored into slices (service/#services-without-selectors, endpoint-slices/#endpointslice-mirroring)', async () => {
  await post('manual', { ports });
  const subsets = [
    { addresses: [{ ip: '192.0.2.7' }], ports: [{ name: 'main', port: 80, protocol: 'TCP' }] },
  ];
  await lab.ok('POST', lab.in('v1', 'endpoints'), {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'manual' },
    subsets,
  });
  const slice = await eventually('the mirrored slice', async () => (await slices('manual'))[0]);
  expect(slice.endpoints[0].addresses).toEqual(['192.0.2.7']);
  expect(slice.metadata.labels['endpointslice.kubernetes.io/managed-by']).toBe(
    'endpointslicemirroring-controller.k8s.io',
  );
  await lab.ok('PATCH', lab.in('v1', 'endpoints', 'manual'), { subsets: null }, patchTypes.merge);
  await eventually('no slice has an endpoint', async () =>
    (await slices('manual')).every((each) => (each.endpoints ?? []).length === 0),
  );
  expect((await endpoints('manual')).metadata.name).toBe('manual');
});

test('a pod reaches a Service by name and address; one without endpoints refuses (service/#discovering-services, dns-pod-service)', async () => {
  await makePod(
    'server',
    'server',
    'mkdir /tmp/w; echo hello > /tmp/w/index.html; httpd -f -p 8080 -h /tmp/w',
    {
      container: { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } },
    },
  );
  await post('web', { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] });
  await post('empty', { selector: { app: 'nobody' }, ports: [{ port: 80 }] });
  await makePod('client', 'client', 'sleep 3600');
  const key = { namespace: lab.namespace, name: 'client' };
  await eventually('both are ready', async () => {
    const { subsets } = await endpoints('web');
    const { phase } = (await lab.ok('GET', lab.in('v1', 'pods', 'client'))).status;
    return (subsets ?? [])[0]?.addresses !== undefined && phase === 'Running';
  });
  // A statically linked busybox resolves names with nslookup only, and without the search list.
  const ip = (await lab.ok('GET', path('web'))).spec.clusterIP;
  const name = `web.${lab.namespace}.svc.cluster.local`;
  const found = await lab.client.exec(key, { command: ['nslookup', name] });
  expect(found.stdout).toContain(ip);
  const answer = await eventually('the Service answers', async () => {
    const result = await lab.client.exec(key, {
      command: ['wget', '-q', '-O', '-', `http://${ip}/`],
    });
    return result.exitCode === 0 ? result.stdout : undefined;
  });
  expect(answer).toBe('hello\n');
  const unserved = (await lab.ok('GET', path('empty'))).spec.clusterIP;
  const refused = await lab.client.exec(key, {
    command: ['wget', '-q', '-O', '-', `http://${unserved}/`],
  });
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain('refused');
});

test('node ports lead to the pods, a load balancer has some too and waits (service/#type-nodeport, #loadbalancer)', async () => {
  const { body } = await post('balanced', {
    type: 'LoadBalancer',
    loadBalancerSourceRanges: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
    selector: { app: 'balanced' },
    ports: [{ name: 'main', port: 80, targetPort: 8080 }],
  });
  const { nodePort } = body.spec.ports[0];
  expect(nodePort).toBeGreaterThanOrEqual(30000);
  expect(body.spec).toMatchObject({ externalTrafficPolicy: 'Cluster', allocateLoadBalancerNodePorts: true });
  expect(body.status).toEqual({ loadBalancer: {} });
  const taken = await post('again', { type: 'NodePort', ports: [{ port: 80, nodePort }] });
  expect(taken.body.message).toContain('provided port is already allocated');
  await makePod(
    'balanced-0',
    'balanced',
    'mkdir /tmp/w; echo hello > /tmp/w/index.html; httpd -f -p 8080 -h /tmp/w',
  );
  const [pod] = await eventually('the pod runs', async () => {
    const { items } = await lab.ok('GET', `${lab.in('v1', 'pods')}?labelSelector=app%3Dbalanced`);
    return items[0]?.status.phase === 'Running' ? items : undefined;
  });
  const command = ['wget', '-q', '-O', '-', `http://${pod.status.hostIP}:${nodePort}/`];
  await eventually('the node port answers', async () => {
    const target = { namespace: lab.namespace, name: 'balanced-0' };
    const { stdout, stderr, exitCode } = await lab.client.exec(target, { command });
    if (stdout !== 'hello\n') throw new Error(`wget ended with ${exitCode}: ${stdout}${stderr}`);
    return true;
  });
});

test('what belongs to other types is refused (service/#external-traffic-policy; service-v1)', async () => {
  for (const wrong of [
    { ports, externalTrafficPolicy: 'Local' },
    { ports, loadBalancerSourceRanges: ['10.0.0.0/8'] },
    { ports, type: 'NodePort', loadBalancerClass: 'example.com/none' },
    { ports, type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0'] },
  ]) {
    expect((await post('wrong', wrong)).code, JSON.stringify(wrong)).toBe(422);
  }
});
