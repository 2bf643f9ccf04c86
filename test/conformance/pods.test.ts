import { expect, test } from 'vitest';
import { text } from 'node:stream/consumers';
import { eventually } from '../support/eventually.ts';
import { patchTypes, shellPod, useLab, type Loose } from '../support/lab.ts';

// https://kubernetes.io/docs/concepts/workloads/pods/
const lab = useLab('pods');
const path = (...rest: string[]): string => lab.in('v1', 'pods', ...rest);
const key = (name: string): { namespace: string; name: string } => ({ namespace: lab.namespace, name });
const make = (name: string, command: string, more: Parameters<typeof shellPod>[3] = {}): Promise<Loose> =>
  lab.ok('POST', path(), shellPod(lab.image, name, command, more));
const get = (name: string): Promise<Loose> => lab.ok('GET', path(name));
const phase = (name: string, wanted: string): Promise<Loose> =>
  eventually(`${name} is ${wanted}`, async () => {
    const pod = await get(name);
    return pod.status.phase === wanted ? pod : undefined;
  });
const condition = (pod: Loose, type: string): string | undefined =>
  pod.status.conditions?.find((each: Loose) => each.type === type)?.status;
const logs = async (name: string, options: Loose = {}): Promise<string> =>
  text(await lab.client.logs(key(name), options));
const remove = (name: string): Promise<Loose> => lab.ok('DELETE', path(name));
const gone = (name: string): Promise<boolean> =>
  eventually(`${name} is gone`, async () => (await lab.request('GET', path(name))).code === 404);

test('defaults (reference/kubernetes-api/workload-resources/pod-v1)', async () => {
  const { spec, status } = await lab.ok(
    'POST',
    `${path()}?dryRun=All`,
    shellPod(lab.image, 'defaults', 'true', {
      spec: { restartPolicy: undefined, terminationGracePeriodSeconds: undefined },
    }),
  );
  expect(spec).toMatchObject({
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'default',
    enableServiceLinks: true,
    securityContext: {},
    containers: [{ terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' }],
  });
  expect(status).toMatchObject({ phase: 'Pending', qosClass: 'BestEffort' });
});

test('runs, has addresses and conditions, ends Succeeded or Failed by its exit code (workloads/pods/pod-lifecycle)', async () => {
  await make('runs', 'while ! test -e /tmp/end; do sleep 0.1; done');
  const running = await phase('runs', 'Running');
  expect(running.status.podIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  expect(running.status.podIPs).toEqual([{ ip: running.status.podIP }]);
  expect(running.spec.nodeName).toBeTruthy();
  await eventually('it is ready', async () => condition(await get('runs'), 'Ready') === 'True');
  for (const type of ['PodScheduled', 'Initialized', 'ContainersReady'])
    expect(condition(await get('runs'), type), type).toBe('True');
  const status = (await get('runs')).status.containerStatuses[0];
  expect(status).toMatchObject({ name: 'main', ready: true, started: true, restartCount: 0 });
  expect(status.containerID).toMatch(/^\w+:\/\/[0-9a-f]{64}$/);
  await lab.client.exec(key('runs'), { command: ['touch', '/tmp/end'] });
  const ended = await phase('runs', 'Succeeded');
  expect(ended.status.containerStatuses[0].state.terminated).toMatchObject({
    exitCode: 0,
    reason: 'Completed',
  });
  await make('fails', 'exit 3');
  const failed = await phase('fails', 'Failed');
  const { terminated } = failed.status.containerStatuses[0].state;
  expect(terminated).toMatchObject({ exitCode: 3, reason: 'Error' });
  expect(Date.parse(terminated.finishedAt)).toBeGreaterThanOrEqual(Date.parse(terminated.startedAt));
});

test('restart policy OnFailure: again until it succeeds, with the last state kept (pod-lifecycle/#restart-policy)', async () => {
  await make('again', 'test -e /keep/once && exit 0; touch /keep/once; exit 7', {
    spec: { restartPolicy: 'OnFailure', volumes: [{ name: 'keep', emptyDir: {} }] },
    container: { volumeMounts: [{ name: 'keep', mountPath: '/keep' }] },
  });
  const pod = await phase('again', 'Succeeded');
  const status = pod.status.containerStatuses[0];
  expect(status.restartCount).toBe(1);
  expect(status.lastState.terminated.exitCode).toBe(7);
});

test('restart policy Always; back-off is told as CrashLoopBackOff (pod-lifecycle/#container-restarts)', async () => {
  await make('loops', 'exit 1', { spec: { restartPolicy: 'Always' } });
  const pod = await eventually('it backs off', async () => {
    const now = await get('loops');
    return now.status.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff' ? now : undefined;
  });
  expect(pod.status.phase).toBe('Running');
  expect(pod.status.containerStatuses[0].restartCount).toBeGreaterThanOrEqual(1);
  await remove('loops');
});

test('an image that is not there: ErrImagePull or ImagePullBackOff, pending (concepts/containers/images/#imagepullbackoff)', async () => {
  await lab.ok('POST', path(), shellPod('localhost/no-such-image:1', 'imageless', 'true'));
  const pod = await eventually('it says so', async () => {
    const now = await get('imageless');
    const reason = now.status.containerStatuses?.[0]?.state?.waiting?.reason ?? '';
    return /^(ErrImagePull|ImagePullBackOff)$/.test(reason) ? now : undefined;
  });
  expect(pod.status.phase).toBe('Pending');
  await remove('imageless');
  await gone('imageless');
});

test('init containers run one after the other, before the others (pods/init-containers)', async () => {
  const step = (name: string): object => ({
    name,
    image: lab.image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', `echo ${name} >> /shared/order`],
    volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
  });
  await make('inits', 'cat /shared/order', {
    spec: { initContainers: [step('one'), step('two')], volumes: [{ name: 'shared', emptyDir: {} }] },
    container: { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] },
  });
  const pod = await phase('inits', 'Succeeded');
  expect(await logs('inits')).toBe('one\ntwo\n');
  expect(pod.status.initContainerStatuses.map((each: Loose) => each.state.terminated.exitCode)).toEqual([
    0, 0,
  ]);
});

test('environment: values, expansion, fields, config maps, secrets (tasks/inject-data-application)', async () => {
  await lab.ok('POST', lab.in('v1', 'configmaps'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings' },
    data: { one: '1', TWO: '2' },
  });
  await lab.ok('POST', lab.in('v1', 'secrets'), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'hidden' },
    stringData: { key: 's3cret' },
  });
  const from = (valueFrom: object): object => valueFrom;
  await make(
    'environment',
    'echo "$A|$B|$C|$D|$NAME|$NS|$NODE|$LABEL|$ONE|$TWO|$SECRET|$P_one|$MISSING|$ACCOUNT"; test -n "$IP" && test -n "$HOSTIP"',
    {
      labels: { tier: 'gold' },
      container: {
        envFrom: [
          { prefix: 'P_', configMapRef: { name: 'settings' } },
          { configMapRef: { name: 'settings' } },
        ],
        env: [
          { name: 'A', value: 'a' },
          { name: 'B', value: '$(A)-b' },
          { name: 'C', value: '$$(A)' },
          { name: 'D', value: '$(NOPE)' },
          { name: 'NAME', valueFrom: from({ fieldRef: { fieldPath: 'metadata.name' } }) },
          { name: 'NS', valueFrom: from({ fieldRef: { fieldPath: 'metadata.namespace' } }) },
          { name: 'NODE', valueFrom: from({ fieldRef: { fieldPath: 'spec.nodeName' } }) },
          { name: 'LABEL', valueFrom: from({ fieldRef: { fieldPath: "metadata.labels['tier']" } }) },
          { name: 'IP', valueFrom: from({ fieldRef: { fieldPath: 'status.podIP' } }) },
          { name: 'HOSTIP', valueFrom: from({ fieldRef: { fieldPath: 'status.hostIP' } }) },
          { name: 'ACCOUNT', valueFrom: from({ fieldRef: { fieldPath: 'spec.serviceAccountName' } }) },
          { name: 'ONE', valueFrom: from({ configMapKeyRef: { name: 'settings', key: 'one' } }) },
          { name: 'SECRET', valueFrom: from({ secretKeyRef: { name: 'hidden', key: 'key' } }) },
          {
            name: 'MISSING',
            valueFrom: from({ configMapKeyRef: { name: 'settings', key: 'nope', optional: true } }),
          },
        ],
      },
    },
  );
  const pod = await phase('environment', 'Succeeded');
  expect(await logs('environment')).toBe(
    `a|a-b|$(A)|$(NOPE)|environment|${lab.namespace}|${pod.spec.nodeName}|gold|1|2|s3cret|1||default\n`,
  );
});

test('a reference that is missing keeps the container waiting until it is there (tasks/configure-pod-container/configure-pod-configmap/#restrictions)', async () => {
  await make('waits', 'echo "$LATE"', {
    container: {
      env: [{ name: 'LATE', valueFrom: { configMapKeyRef: { name: 'late', key: 'k' } } }],
    },
  });
  await eventually('it says why', async () => {
    const { containerStatuses } = (await get('waits')).status;
    return containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError';
  });
  await lab.ok('POST', lab.in('v1', 'configmaps'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'late' },
    data: { k: 'now' },
  });
  await phase('waits', 'Succeeded');
  expect(await logs('waits')).toBe('now\n');
});

test('volumes: config map, secret, emptyDir, downward API, projected; items, modes, read-only (concepts/storage/volumes)', async () => {
  for (const [plural, kind] of [
    ['configmaps', 'ConfigMap'],
    ['secrets', 'Secret'],
  ] as const) {
    await lab.ok('POST', lab.in('v1', plural), {
      apiVersion: 'v1',
      kind,
      metadata: { name: 'files' },
      ...(kind === 'Secret' ? { stringData: { s: 'secret' } } : { data: { a: 'A', b: 'B' } }),
    });
  }
  const command =
    'cat /c/renamed; ls /c; cat /s/s; stat -L -c %a /s/s; cat /p/x/s /p/name; ls /e; (echo no > /c/new) 2>/dev/null || echo ro';
  await make('volumes', command, {
    spec: {
      volumes: [
        { name: 'c', configMap: { name: 'files', items: [{ key: 'a', path: 'renamed' }] } },
        { name: 's', secret: { secretName: 'files', defaultMode: 0o400 } },
        { name: 'e', emptyDir: {} },
        {
          name: 'p',
          projected: {
            sources: [
              { secret: { name: 'files', items: [{ key: 's', path: 'x/s' }] } },
              { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
      ],
    },
    container: {
      volumeMounts: [
        { name: 'c', mountPath: '/c', readOnly: true },
        { name: 's', mountPath: '/s' },
        { name: 'e', mountPath: '/e' },
        { name: 'p', mountPath: '/p' },
      ],
    },
  });
  await phase('volumes', 'Succeeded');
  expect(await logs('volumes')).toBe('Arenamed\nsecret400\nsecretvolumesro\n');
});

test('changes of a config map reach a mounted volume (concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically)', async () => {
  await lab.ok('POST', lab.in('v1', 'configmaps'), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'changing' },
    data: { k: 'old' },
  });
  await make('sees-changes', 'while ! grep -q new /c/k; do sleep 0.2; done; cat /c/k', {
    spec: { volumes: [{ name: 'c', configMap: { name: 'changing' } }] },
    container: { volumeMounts: [{ name: 'c', mountPath: '/c' }] },
  });
  await phase('sees-changes', 'Running');
  await lab.ok('PATCH', lab.in('v1', 'configmaps', 'changing'), { data: { k: 'new' } }, patchTypes.merge);
  await eventually('it has seen it', async () => (await get('sees-changes')).status.phase === 'Succeeded', {
    timeoutMs: 110_000,
  });
});

test('liveness: a failing probe restarts the container (pod-lifecycle/#container-probes)', async () => {
  await make('lives', 'sleep 3600', {
    spec: { restartPolicy: 'Always' },
    container: {
      livenessProbe: {
        exec: { command: ['false'] },
        periodSeconds: 1,
        failureThreshold: 1,
        initialDelaySeconds: 1,
      },
    },
  });
  await eventually('it was restarted', async () => {
    return ((await get('lives')).status.containerStatuses?.[0]?.restartCount ?? 0) >= 1;
  });
  await remove('lives');
});

test('readiness by HTTP and TCP; started after the startup probe (pod-lifecycle/#types-of-probe)', async () => {
  await make('serves', 'mkdir /tmp/w; sleep 1; echo hi > /tmp/w/index.html; httpd -f -p 8080 -h /tmp/w', {
    container: {
      startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 60 },
      readinessProbe: { httpGet: { path: '/index.html', port: 8080 }, periodSeconds: 1 },
    },
  });
  const pod = await eventually('it is ready', async () => {
    const now = await get('serves');
    return condition(now, 'Ready') === 'True' ? now : undefined;
  });
  expect(pod.status.containerStatuses[0].started).toBe(true);
  await lab.client.exec(key('serves'), { command: ['rm', '/tmp/w/index.html'] });
  await eventually('it is no longer ready', async () => condition(await get('serves'), 'Ready') === 'False');
  expect((await get('serves')).status.containerStatuses[0].restartCount).toBe(0);
  await remove('serves');
});

test('termination: TERM, then the grace period, then KILL; deletionTimestamp meanwhile (pod-lifecycle/#pod-termination)', async () => {
  await make(
    'graceful',
    "trap 'sleep 1; echo bye > /proc/1/fd/1; exit 0' TERM; while :; do sleep 0.1; done",
    {
      spec: { terminationGracePeriodSeconds: 30 },
    },
  );
  await make('stubborn', "trap '' TERM; while :; do sleep 0.1; done", {
    spec: { terminationGracePeriodSeconds: 2 },
  });
  await phase('graceful', 'Running');
  await phase('stubborn', 'Running');
  const answer = await remove('graceful');
  expect(answer).toMatchObject({ kind: 'Pod', metadata: { deletionGracePeriodSeconds: 30 } });
  expect(answer.metadata.deletionTimestamp).toBeTruthy();
  await remove('stubborn');
  await gone('graceful');
  await gone('stubborn');
});

test('grace period 0 removes the object at once (pod-lifecycle/#pod-termination-forced)', async () => {
  await make('forced', "trap '' TERM; sleep 3600");
  await phase('forced', 'Running');
  await lab.ok('DELETE', path('forced'), { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 });
  expect((await lab.request('GET', path('forced'))).code).toBe(404);
});

test('logs: both streams, tail, previous, bytes, follow (kubectl logs; reference/generated/kubectl/kubectl-commands#logs)', async () => {
  await make('talks', 'for i in 1 2 3; do echo line $i; done; echo err >&2; sleep 2; echo last');
  await phase('talks', 'Running');
  const followed = await logs('talks', { follow: true });
  expect(followed.split('\n').sort()).toEqual(['', 'err', 'last', 'line 1', 'line 2', 'line 3']);
  expect(await logs('talks', { tailLines: 1 })).toBe('last\n');
  expect(await logs('talks', { limitBytes: 4 })).toHaveLength(4);
  expect(await logs('talks', { timestamps: true, tailLines: 1 })).toMatch(
    /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-][\d:]+) last\n$/,
  );
  await expect(logs('talks', { previous: true })).rejects.toMatchObject({ code: 400 });
  await expect(logs('talks', { container: 'nobody' })).rejects.toMatchObject({ code: 400 });
});

test('exec: output, standard input, exit code, what cannot be started (tasks/debug/debug-application/get-shell-running-container)', async () => {
  await make('host', 'sleep 3600');
  await phase('host', 'Running');
  const run = (command: string[], stdin?: string) =>
    lab.client.exec(key('host'), { command, ...(stdin === undefined ? {} : { stdin }) });
  expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 5'])).toEqual({
    exitCode: 5,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  expect(await run(['head', '-n', '1'], 'typed\n')).toMatchObject({ exitCode: 0, stdout: 'typed\n' });
  const large = 'x'.repeat(300_000);
  expect((await run(['cat'], large)).stdout.length).toBe(large.length);
  // Runtimes differ: some answer an error, some the shell's codes for it.
  const unstartable = await run(['no-such-program']).catch(() => ({ exitCode: 127 }));
  expect([126, 127]).toContain(unstartable.exitCode);
  await expect(
    lab.client.exec(key('host'), { command: ['true'], container: 'nobody' }),
  ).rejects.toMatchObject({ code: 400 });
  await remove('host');
});

test('the service account of the pod is let in, as itself (tasks/run-application/access-api-from-pod; service-accounts)', async () => {
  await lab.ok('POST', lab.in('v1', 'serviceaccounts'), {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'robot' },
  });
  const directory = '/var/run/secrets/kubernetes.io/serviceaccount';
  await make(
    'account',
    `cat ${directory}/namespace; echo; cat ${directory}/token; echo; cat ${directory}/ca.crt; echo "$KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT"`,
    {
      spec: { serviceAccountName: 'robot' },
    },
  );
  await phase('account', 'Succeeded');
  const output = await logs('account');
  const [namespace, token = ''] = output.split('\n');
  expect(namespace).toBe(lab.namespace);
  expect(output).toContain('BEGIN CERTIFICATE');
  expect(output).toMatch(/\d+\.\d+\.\d+\.\d+ 443\n$/);
  const { body } = await lab.request('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
    token,
  });
  expect(body.status.userInfo).toMatchObject({
    username: `system:serviceaccount:${lab.namespace}:robot`,
    groups: expect.arrayContaining(['system:serviceaccounts', 'system:authenticated']),
  });
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  expect(claims['kubernetes.io'].pod.name).toBe('account');
});

test('the spec is immutable but for images and tolerations (pods/#pod-update-and-replacement)', async () => {
  const pod = await make('fixed', 'sleep 3600');
  const wrong = await lab.request('PATCH', path('fixed'), {
    body: { spec: { containers: [{ name: 'main', env: [{ name: 'A', value: 'a' }] }] } },
    type: patchTypes.strategic,
  });
  expect(wrong.code).toBe(422);
  expect(wrong.body.message).toContain('pod updates may not change fields other than');
  const labelled = await lab.ok(
    'PATCH',
    path('fixed'),
    { metadata: { labels: { a: 'b' } } },
    patchTypes.merge,
  );
  expect(labelled.metadata.uid).toBe(pod.metadata.uid);
  await remove('fixed');
});

test('several containers: names, one network, logs need a name (pods/#how-pods-manage-multiple-containers)', async () => {
  const container = (name: string, command: string): object => ({
    name,
    image: lab.image,
    imagePullPolicy: 'IfNotPresent',
    command: ['sh', '-c', command],
  });
  await lab.ok('POST', path(), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'pair' },
    spec: {
      restartPolicy: 'Never',
      containers: [
        container(
          'server',
          'mkdir /tmp/w; echo shared > /tmp/w/index.html; httpd -p 8080 -h /tmp/w; sleep 20',
        ),
        container('client', 'until wget -q -O - http://127.0.0.1:8080/; do sleep 0.2; done'),
      ],
    },
  });
  await eventually('the client has ended', async () => {
    const status = (await get('pair')).status.containerStatuses?.find(
      (each: Loose) => each.name === 'client',
    );
    return status?.state?.terminated !== undefined;
  });
  expect(await logs('pair', { container: 'client' })).toContain('shared');
  await expect(logs('pair')).rejects.toMatchObject({ code: 400 });
  await remove('pair');
});
