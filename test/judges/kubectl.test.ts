import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchKubectl } from '../../scripts/fetch-kubectl.ts';
import { useCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { run, type Finished } from '../support/instance.ts';
import { testImage } from '../support/test-image.ts';

/** The two kubectls that Debian's users have; they share no code with pgherd. */
describe.each(['bookworm', 'trixie'])('kubectl of %s', (suite) => {
  const modern = suite === 'trixie';
  const namespace = `judge-${randomBytes(4).toString('hex')}`;
  let directory = '';
  let program = '';
  let kubeconfig = '';
  let image = '';

  beforeAll(async () => {
    program = fetchKubectl(suite);
    ({ kubeconfigPath: kubeconfig } = await useCluster());
    image = await testImage();
    directory = mkdtempSync(join(tmpdir(), 'pgherd-kubectl-'));
    await ok('create', 'namespace', namespace);
    await eventually(
      'the service account is there',
      async () => (await attempt('get', 'sa', 'default')).code === 0,
    );
  });
  afterAll(async () => {
    await attempt('delete', 'namespace', namespace, '--wait=false');
    rmSync(directory, { recursive: true, force: true });
  });

  /** Runs kubectl in the namespace of this judge. */
  const attempt = (...args: string[]): Promise<Finished> => attemptWith({}, ...args);
  const attemptWith = (
    options: { input?: string; env?: Record<string, string> },
    ...args: string[]
  ): Promise<Finished> => {
    // A cache of its own: kubectl remembers what the last server at this address served.
    const common = ['--kubeconfig', kubeconfig, '--cache-dir', join(directory, 'cache'), '-n', namespace];
    return run(program, [...common, ...args], { ...options, timeoutMs: 90_000 });
  };
  const okWith = async (input: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await attemptWith({ input }, ...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  };
  const ok = (...args: string[]): Promise<string> => okWith('', ...args);

  const configMap = (name: string, data: Record<string, string>): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  const pod = (name: string, command: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: name } },
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        containers: [
          { name: 'main', image, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', command] },
        ],
      },
    });
  const statefulSet = (name: string): string =>
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name },
      spec: {
        replicas: 1,
        serviceName: name,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: (JSON.parse(pod(name, 'sleep 10000')) as { spec: object }).spec,
        },
      },
    }).replace('"restartPolicy":"Never",', '');

  test('version, api-resources, api-versions, explain', async () => {
    expect(await ok('version')).toContain('Server Version');
    const resources = await ok('api-resources');
    for (const line of [/pods +po +/, /statefulsets +sts +apps/, /leases +coordination/])
      expect(resources).toMatch(line);
    expect(await ok('api-versions')).toContain('apps/v1');
    expect(await ok('explain', 'statefulset.spec.serviceName')).toMatch(/serviceName/);
    expect(await ok('explain', 'pods.spec.containers')).toContain('image');
  });

  test('create, get in every format, label, annotate, patch, replace, delete', async () => {
    await ok('create', 'configmap', 'made', '--from-literal=a=1');
    expect(await ok('get', 'cm', 'made')).toMatch(/NAME +DATA +AGE\nmade +1 +/);
    expect(await ok('get', 'cm', 'made', '-o', 'yaml')).toContain('kind: ConfigMap');
    expect(await ok('get', 'cm', 'made', '-o', 'jsonpath={.data.a}')).toBe('1');
    expect(await ok('get', 'cm', 'made', '-o', 'name')).toBe('configmap/made\n');
    expect(await ok('get', 'cm', '-o', 'custom-columns=N:.metadata.name', '--no-headers')).toContain('made');
    await ok('label', 'cm', 'made', 'tier=gold');
    expect((await attempt('label', 'cm', 'made', 'tier=silver')).code).not.toBe(0);
    await ok('label', 'cm', 'made', 'tier=silver', '--overwrite');
    expect(await ok('get', 'cm', '-l', 'tier=silver', '--show-labels')).toContain('tier=silver');
    await ok('annotate', 'cm', 'made', 'note=x');
    await ok('patch', 'cm', 'made', '-p', '{"data":{"b":"2"}}');
    await ok('patch', 'cm', 'made', '--type=merge', '-p', '{"data":{"c":"3"}}');
    await ok('patch', 'cm', 'made', '--type=json', '-p', '[{"op":"add","path":"/data/d","value":"4"}]');
    expect(JSON.parse(await ok('get', 'cm', 'made', '-o', 'jsonpath={.data}'))).toEqual({
      a: '1',
      b: '2',
      c: '3',
      d: '4',
    });
    await okWith(configMap('made', { z: '9' }), 'replace', '-f', '-');
    expect(await ok('get', 'cm', 'made', '-o', 'jsonpath={.data}')).toContain('"z"');
    expect(await ok('delete', 'cm', 'made')).toContain('deleted');
    expect((await attempt('get', 'cm', 'made')).stderr).toContain(
      'Error from server (NotFound): configmaps "made" not found',
    );
    expect(await ok('create', 'secret', 'generic', 's', '--from-literal=k=v')).toContain('created');
    expect(await ok('describe', 'secret', 's')).toMatch(/k: +1 bytes/);
  });

  test('apply: create, change, unchanged, prune of a field; diff; validation names the field', async () => {
    expect(await okWith(configMap('applied', { a: '1', b: '2' }), 'apply', '-f', '-')).toContain('created');
    expect(await okWith(configMap('applied', { a: '1', b: '2' }), 'apply', '-f', '-')).toContain('unchanged');
    const diff = await attemptWith({ input: configMap('applied', { a: '5' }) }, 'diff', '-f', '-');
    expect(diff.code).toBe(1);
    expect(diff.stdout).toMatch(/^-  a: "1"$/m);
    expect(await okWith(configMap('applied', { a: '5' }), 'apply', '-f', '-')).toContain('configured');
    expect(JSON.parse(await ok('get', 'cm', 'applied', '-o', 'jsonpath={.data}'))).toEqual({ a: '5' });
    expect(await okWith(configMap('applied', { a: '6' }), 'apply', '--dry-run=server', '-f', '-')).toContain(
      'dry run',
    );
    const wrong = JSON.stringify({ ...(JSON.parse(pod('wrong', 'true')) as object), spek: {} });
    const refused = await attemptWith({ input: wrong }, 'apply', '-f', '-');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('spek');
  });

  test('apply --server-side: conflict is told, --force-conflicts takes over', async () => {
    const apply = (value: string, ...args: string[]): Promise<Finished> =>
      attemptWith({ input: configMap('served', { a: value }) }, 'apply', '--server-side', '-f', '-', ...args);
    expect((await apply('1', '--field-manager=one')).stdout).toContain('serverside-applied');
    const conflict = await apply('2', '--field-manager=two');
    expect(conflict.code).not.toBe(0);
    expect(conflict.stderr).toContain('conflict with "one"');
    expect(conflict.stderr).toContain('.data.a');
    expect((await apply('2', '--field-manager=two', '--force-conflicts')).code).toBe(0);
    expect(await ok('get', 'cm', 'served', '-o', 'jsonpath={.data.a}')).toBe('2');
  });

  test('edit with an editor', async () => {
    const editor = join(directory, 'editor');
    writeFileSync(editor, '#!/bin/sh\nsed -i "s/before/after/" "$1"\n');
    chmodSync(editor, 0o755);
    await ok('create', 'configmap', 'edited', '--from-literal=a=before');
    const edited = await attemptWith(
      { env: { EDITOR: editor, KUBE_EDITOR: editor } },
      'edit',
      'cm',
      'edited',
    );
    expect(edited.stdout).toContain('edited');
    expect(await ok('get', 'cm', 'edited', '-o', 'jsonpath={.data.a}')).toBe('after');
  });

  test('get -w tells what happens', async () => {
    const watching = attempt('get', 'cm', '-w', '-l', 'watched=yes', '-o', 'name', '--request-timeout=6s');
    await eventually('the watch sees it', async () => {
      await attempt('create', 'configmap', 'watched');
      await ok('label', 'cm', 'watched', 'watched=yes', '--overwrite');
      return true;
    });
    expect((await watching).stdout).toContain('configmap/watched');
  });

  test('pods: wait, logs, describe, events, delete', async () => {
    await okWith(pod('talks', 'echo hello; sleep 1; echo bye'), 'apply', '-f', '-');
    await ok('wait', '--for=condition=Ready', 'pod/talks', '--timeout=60s');
    expect(await ok('logs', '-f', 'talks')).toBe('hello\nbye\n');
    expect(await ok('logs', 'talks', '--tail=1')).toBe('bye\n');
    await eventually('it has ended', async () => (await ok('get', 'pod', 'talks')).includes('Completed'));
    expect(await ok('get', 'pod', 'talks', '-o', 'wide')).toMatch(/talks +0\/1 +Completed +0 +\S+ +\d+\.\d+/);
    const described = await ok('describe', 'pod', 'talks');
    expect(described).toMatch(/Status: +Succeeded/);
    expect(described).toMatch(/Normal +Started/);
    expect(await ok('get', 'events')).toContain('Started');
    const failing = pod('crashes', 'echo once; exit 1').replace('"Never"', '"Always"');
    await okWith(failing, 'apply', '-f', '-');
    const previous = await eventually('the previous log', async () => {
      const { code, stdout } = await attempt('logs', 'crashes', '--previous');
      return code === 0 ? stdout : undefined;
    });
    expect(previous).toBe('once\n');
    await ok('delete', 'pod', 'talks', 'crashes', '--wait=true', '--timeout=60s');
    expect((await attempt('get', 'pod', 'talks')).code).not.toBe(0);
  });

  test('exec: output, input, exit code', async () => {
    await okWith(pod('host', 'sleep 10000'), 'apply', '-f', '-');
    await ok('wait', '--for=condition=Ready', 'pod/host', '--timeout=60s');
    expect(await ok('exec', 'host', '--', 'echo', 'hello')).toBe('hello\n');
    expect(await okWith('typed', 'exec', '-i', 'host', '--', 'cat')).toBe('typed');
    const failed = await attempt('exec', 'host', '--', 'sh', '-c', 'echo err >&2; exit 7');
    expect(failed.code).toBe(7);
    expect(failed.stderr).toContain('err');
    const much = 'x'.repeat(300_000);
    const echo = ['exec', '-i', 'host', '--', 'sh', '-c', 'cat; echo; echo end'];
    const { code, stderr, stdout } = await attemptWith({ input: much }, ...echo);
    // Its length first: a difference of the whole text would be cut before its interesting end.
    expect({ code, stderr, length: stdout.length, end: stdout.slice(-6) }).toEqual({
      code: 0,
      stderr: '',
      length: much.length + 5,
      end: 'x\nend\n',
    });
    expect(stdout === `${much}\nend\n`).toBe(true);
    const absent = await attempt('exec', 'host', '-c', 'absent', '--', 'true');
    expect(absent.stderr).toMatch(/absent/);
    await ok('delete', 'pod', 'host', '--now');
  });

  test('port-forward: to what listens on the loopback of the pod only', async () => {
    const command = 'mkdir /tmp/w; echo forwarded > /tmp/w/index.html; httpd -f -p 127.0.0.1:8080 -h /tmp/w';
    await okWith(pod('listens', command), 'apply', '-f', '-');
    await ok('wait', '--for=condition=Ready', 'pod/listens', '--timeout=60s');
    const args = [
      '--kubeconfig',
      kubeconfig,
      '-n',
      namespace,
      'port-forward',
      'pod/listens',
      ':8080',
      ':8081',
    ];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    try {
      const port = (remote: number): Promise<number> =>
        eventually(`port ${remote} is forwarded`, () => {
          const local = new RegExp(`127\\.0\\.0\\.1:(\\d+) -> ${remote}`).exec(said)?.[1];
          return local === undefined ? undefined : Number(local);
        });
      const url = `http://127.0.0.1:${await port(8080)}/`;
      await eventually('the page comes', async () => (await (await fetch(url)).text()) === 'forwarded\n');
      const all = await Promise.all(Array.from({ length: 8 }, async () => (await fetch(url)).text()));
      expect(new Set(all)).toEqual(new Set(['forwarded\n']));
      await expect(fetch(`http://127.0.0.1:${await port(8081)}/`)).rejects.toThrow('fetch failed');
      await eventually('the failure is told', () => /error forwarding port 8081|ECONNREFUSED/.test(said));
    } finally {
      child.kill();
    }
    await ok('delete', 'pod', 'listens', '--now');
  });

  test('attach: the output from now on, and input', async () => {
    const { spec } = JSON.parse(pod('talkative', 'read line; echo "heard $line"; sleep 1')) as {
      spec: { containers: object[] };
    };
    const containers = spec.containers.map((each) => ({ ...each, stdin: true, stdinOnce: true }));
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'talkative' },
      spec: { ...spec, containers },
    };
    await okWith(JSON.stringify(object), 'apply', '-f', '-');
    await ok('wait', '--for=condition=Ready', 'pod/talkative', '--timeout=60s');
    expect(await okWith('you\n', 'attach', '-i', 'talkative')).toContain('heard you');
    await ok('delete', 'pod', 'talkative', '--now');
  });

  // kubectl 1.20 knows cron jobs of batch/v1beta1 only.
  test.runIf(modern)('a job made of a cron job by hand', async () => {
    await ok('create', 'cronjob', 'yearly', `--image=${image}`, '--schedule=@yearly', '--', 'echo', 'made');
    await ok('create', 'job', 'by-hand', '--from=cronjob/yearly');
    await ok('wait', '--for=condition=complete', 'job/by-hand', '--timeout=60s');
    expect(await ok('logs', 'job/by-hand')).toBe('made\n');
    expect(await ok('describe', 'cronjob', 'yearly')).toContain('@yearly');
    await ok('delete', 'cronjob', 'yearly');
  });

  test('jobs and cron jobs: create, wait, get, describe', async () => {
    await ok('create', 'job', 'once', `--image=${image}`, '--', 'echo', 'done');
    await ok('wait', '--for=condition=complete', 'job/once', '--timeout=60s');
    expect(await ok('get', 'job', 'once')).toMatch(modern ? /once +Complete +1\/1 +/ : /once .*1\/1 +/);
    expect(await ok('logs', 'job/once')).toBe('done\n');
    const described = await ok('describe', 'job', 'once');
    for (const told of [/1 Succeeded/, /SuccessfulCreate/, /Completed .*Job completed/])
      expect(described).toMatch(told);
    const { spec } = JSON.parse(pod('nightly', 'echo made')) as { spec: object };
    const cronJob = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly' },
      spec: {
        schedule: '30 0 * * *',
        timeZone: 'Europe/Berlin',
        jobTemplate: { spec: { template: { spec } } },
      },
    };
    // The kind as kubectl 1.20 knows it is of batch/v1beta1, gone from Kubernetes since 1.25.
    await okWith(JSON.stringify(cronJob), 'apply', '--validate=false', '-f', '-');
    expect(await ok('get', 'cronjobs.v1.batch', 'nightly')).toMatch(/nightly +30 0 \* \* \*/);
    await ok('delete', 'cronjobs.v1.batch', 'nightly');
    await ok('delete', 'job', 'once');
    await eventually(
      'the pods are gone',
      async () => (await ok('get', 'pods', '-l', 'job-name', '-o', 'name')) === '',
    );
  });

  test('statefulsets: rollout, scale, restart, cascade', async () => {
    await okWith(statefulSet('web'), 'apply', '-f', '-');
    expect(await ok('rollout', 'status', 'statefulset/web', '--timeout=60s')).toMatch(/roll.*complete/i);
    expect(await ok('get', 'sts', 'web')).toMatch(/NAME +READY +AGE\nweb +1\/1 /);
    await ok('scale', 'statefulset/web', '--replicas=2');
    await ok('rollout', 'status', 'statefulset/web', '--timeout=60s');
    await ok('rollout', 'restart', 'statefulset/web');
    await ok('rollout', 'status', 'statefulset/web', '--timeout=60s');
    expect(await ok('rollout', 'history', 'statefulset/web')).toMatch(/REVISION[\s\S]*2/);
    expect(await ok('describe', 'statefulset', 'web')).toContain('2 desired');
    await ok('delete', 'statefulset', 'web', '--cascade=orphan');
    expect(await ok('get', 'pods', '-l', 'app=web', '-o', 'name')).toBe('pod/web-0\npod/web-1\n');
    await okWith(statefulSet('web'), 'apply', '-f', '-');
    await ok('delete', 'statefulset', 'web', ...(modern ? ['--cascade=foreground'] : []));
    await eventually(
      'the pods are gone',
      async () => (await ok('get', 'pods', '-l', 'app=web', '-o', 'name')) === '',
    );
  });

  test('deployments: rollout, undo, pause, scale, describe, cascade', async () => {
    const { spec } = JSON.parse(pod('front', 'sleep 10000')) as { spec: object };
    const deployment = (mark: string): string =>
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'front' },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: 'front' } },
          template: {
            metadata: { labels: { app: 'front' }, annotations: { mark } },
            spec: { ...spec, restartPolicy: 'Always' },
          },
        },
      });
    const rolledOut = async (): Promise<void> =>
      expect(await ok('rollout', 'status', 'deployment/front', '--timeout=60s')).toContain(
        'successfully rolled out',
      );
    const mark = (): Promise<string> =>
      ok('get', 'deploy', 'front', '-o', 'jsonpath={.spec.template.metadata.annotations.mark}');
    await okWith(deployment('one'), 'apply', '-f', '-');
    await rolledOut();
    expect(await ok('get', 'deploy', 'front')).toMatch(
      /NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nfront +2\/2 +2 +2 /,
    );
    expect(await ok('get', 'rs')).toMatch(/NAME +DESIRED +CURRENT +READY +AGE\nfront-\w+ +2 +2 +2 /);
    await okWith(deployment('two'), 'apply', '-f', '-');
    await rolledOut();
    expect(await ok('rollout', 'history', 'deployment/front')).toMatch(/REVISION[\s\S]*\n1 [\s\S]*\n2 /);
    await ok('rollout', 'undo', 'deployment/front');
    await rolledOut();
    expect(await mark()).toBe('one');
    await ok('rollout', 'undo', 'deployment/front', '--to-revision=2');
    await rolledOut();
    expect(await mark()).toBe('two');
    await ok('rollout', 'pause', 'deployment/front');
    await ok('scale', 'deployment/front', '--replicas=1');
    await ok('rollout', 'resume', 'deployment/front');
    await rolledOut();
    await ok('rollout', 'restart', 'deployment/front');
    await rolledOut();
    const described = await ok('describe', 'deployment', 'front');
    expect(described).toMatch(/1 desired \| 1 updated \| 1 total \| 1 available \| 0 unavailable/);
    expect(described).toMatch(/ScalingReplicaSet/);
    expect(described).toMatch(/NewReplicaSet: +front-\w+ \(1\/1 replicas created\)/);
    await ok('delete', 'deployment', 'front', ...(modern ? ['--cascade=foreground'] : []));
    await eventually(
      'sets and pods are gone',
      async () => (await ok('get', 'rs,pods', '-l', 'app=front', '-o', 'name')) === '',
    );
  });

  test('services, volumes, disruption budgets, roles: create, get wide, describe', async () => {
    await ok('create', 'service', 'clusterip', 'svc', '--tcp=80:8080');
    expect(await ok('get', 'svc', 'svc', '-o', 'wide')).toMatch(
      /svc +ClusterIP +\d+\.\d+\.\d+\.\d+ +<none> +80\/TCP/,
    );
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'claim' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
    };
    await okWith(JSON.stringify(claim), 'apply', '-f', '-');
    const budget = {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'budget' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'x' } } },
    };
    await okWith(JSON.stringify(budget), 'apply', '-f', '-');
    expect(await ok('get', 'pdb', 'budget')).toMatch(/budget +1 +N\/A +0/);
    await ok('create', 'serviceaccount', 'robot');
    await ok('create', 'role', 'reader', '--verb=get,list', '--resource=configmaps');
    await ok('create', 'rolebinding', 'reader', '--role=reader', `--serviceaccount=${namespace}:robot`);
    for (const each of [
      'svc/svc',
      'pvc/claim',
      'sa/robot',
      'role/reader',
      'rolebinding/reader',
      `ns/${namespace}`,
      'endpoints/svc',
    ])
      expect(await ok('describe', each), each).toContain('Name:');
    for (const kind of ['nodes', 'storageclasses', 'clusterroles', 'endpointslices', 'leases', 'crd', 'pv'])
      expect((await attempt('describe', kind)).code, kind).toBe(0);
    // A describer of 1.20 asks for policy/v1beta1, which Kubernetes has served no longer since 1.25.
    expect((await attempt('describe', 'pdb', 'budget')).code === 0 || !modern).toBe(true);
    expect(await ok('get', 'all')).toContain('service/svc');
    expect(await ok('get', 'nodes', '-o', 'wide')).toMatch(/Ready/);
  });

  test('auth can-i, as somebody too; tokens', async () => {
    const user = `--as=system:serviceaccount:${namespace}:robot`;
    expect(await ok('auth', 'can-i', 'create', 'pods')).toBe('yes\n');
    expect(await ok('auth', 'can-i', 'get', 'configmaps', user)).toBe('yes\n');
    expect((await attempt('auth', 'can-i', 'delete', 'configmaps', user)).stdout).toBe('no\n');
    expect(await ok('auth', 'can-i', '--list', user)).toMatch(/configmaps +\[\] +\[\] +\[get list\]/);
    const token = modern ? (await ok('create', 'token', 'robot')).trim() : '';
    expect(token.split('.')).toHaveLength(modern ? 3 : 1);
  });

  test.runIf(modern)('events of one object', async () => {
    await okWith(pod('eventful', 'true'), 'apply', '-f', '-');
    await eventually('its events', async () =>
      (await ok('events', '--for', 'pod/eventful')).includes('Started'),
    );
    expect(await ok('events', '--for', 'pod/eventful', '--types=Normal')).toContain('Scheduled');
  });

  test('cordon keeps pods away, uncordon lets them come', async () => {
    const node = (await ok('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')).trim();
    await ok('cordon', node);
    try {
      expect(await ok('get', 'nodes', node)).toContain('SchedulingDisabled');
      await okWith(pod('waits', 'true'), 'apply', '-f', '-');
      await eventually('it says why', async () =>
        (await ok('describe', 'pod', 'waits')).includes('FailedScheduling'),
      );
    } finally {
      await ok('uncordon', node);
    }
    await eventually('it has run', async () => (await ok('get', 'pod', 'waits')).includes('Completed'));
    expect(await ok('get', 'nodes', node)).not.toContain('SchedulingDisabled');
  });

  test('a custom resource: definition, columns, explain, apply', async () => {
    const group = `${namespace}.example.com`;
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  spec: {
                    type: 'object',
                    properties: { size: { type: 'integer', description: 'How large.' } },
                  },
                },
              },
            },
            additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
          },
        ],
      },
    };
    await okWith(JSON.stringify(definition), 'apply', '-f', '-');
    try {
      await ok('wait', '--for=condition=Established', `crd/widgets.${group}`, '--timeout=30s');
      const widget = {
        apiVersion: `${group}/v1`,
        kind: 'Widget',
        metadata: { name: 'w' },
        spec: { size: 3 },
      };
      await eventually('it is applied', async () => {
        const { code } = await attemptWith({ input: JSON.stringify(widget) }, 'apply', '-f', '-');
        return code === 0;
      });
      expect(await ok('get', 'widgets')).toMatch(/NAME +SIZE\nw +3/);
      await eventually('it is explained', async () =>
        (await ok('explain', 'widget.spec.size')).includes('How large.'),
      );
      expect(await okWith(JSON.stringify({ ...widget, spec: { size: 4 } }), 'apply', '-f', '-')).toContain(
        'configured',
      );
      const wrong = { ...widget, spec: { size: 'big' } };
      expect((await attemptWith({ input: JSON.stringify(wrong) }, 'apply', '-f', '-')).stderr).toContain(
        'spec.size',
      );
    } finally {
      await ok('delete', 'crd', `widgets.${group}`);
    }
  });
});
