import { execFileSync } from 'node:child_process';
import { pods, secrets } from '@pgherd/kube/objects';
import type { Container } from '@pgherd/kube/objects';

import { refreshAt } from '@pgherd/local/node';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { IMAGE, isReady, openNodeLab, script } from './node-lab.ts';
import type { NodeLab } from './node-lab.ts';

const soon = { timeout: 10_000, interval: 10 };
let lab: NodeLab;
beforeAll(async () => {
  lab = await openNodeLab('one', 71);
});
afterAll(() => lab?.cleanup());
afterEach(async () => {
  for (const pod of lab.registry.list(pods).items) {
    lab.registry.delete(pods, 'default', pod.metadata.name ?? '', { gracePeriodSeconds: 0 });
  }
});

const main = (overrides: Partial<Container> = {}): Container => ({
  name: 'main',
  image: IMAGE,
  command: ['/bin/sleep', 'infinity'],
  ...overrides,
});
const statusOf = (name: string, container = 'main') =>
  lab.get(name).status?.containerStatuses?.find((each) => each.name === container);

describe('a pod that runs', () => {
  test('has the status and events of Kubernetes', async () => {
    lab.create('first');
    const pod = await lab.ready('first');
    expect(pod.status).toMatchObject({
      phase: 'Running',
      qosClass: 'BestEffort',
      hostIP: lab.instance.gateway,
    });
    expect(pod.status?.podIP).toMatch(/^10\.219\.71\./);
    const types = pod.status?.conditions?.map((each) => `${each.type}=${each.status}`).sort();
    expect(types).toEqual([
      'ContainersReady=True',
      'Initialized=True',
      'PodReadyToStartContainers=True',
      'PodScheduled=True',
      'Ready=True',
    ]);
    expect(statusOf('first')).toMatchObject({ ready: true, started: true, restartCount: 0 });
    expect(statusOf('first')?.containerID).toMatch(/^(podman|docker):\/\/[0-9a-f]{64}$/);
    const events = lab.events('first').map((each) => `${each.type} ${each.reason}: ${each.message}`);
    expect(events).toEqual([
      'Normal Scheduled: Successfully assigned default/first to test-node',
      `Normal Pulled: Container image "${IMAGE}" already present on machine`,
      'Normal Created: Created container: main',
      'Normal Started: Started container main',
    ]);
  });

  test('knows its name, its address and its environment', async () => {
    lab.registry.create(secrets, 'default', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'env' },
      stringData: { password: 's3cret' },
    });
    lab.create('named', {
      hostAliases: [{ ip: '10.1.2.3', hostnames: ['elsewhere'] }],
      containers: [
        main({
          env: [
            { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'env', key: 'password' } } },
            { name: 'URL', value: 'postgres://$(PASSWORD)@$(POD_IP)/$(NOPE)' },
          ],
        }),
      ],
    });
    const { status } = await lab.ready('named');
    const ip = status?.podIP ?? '';
    const { out } = await lab.sh('named', 'hostname; echo $URL; cat /etc/hosts /etc/resolv.conf; env');
    expect(out.split('\n').slice(0, 2)).toEqual(['named', `postgres://s3cret@${ip}/$(NOPE)`]);
    expect(out).toContain(`${ip}\tnamed\n`);
    expect(out).toContain('10.1.2.3\telsewhere\n');
    expect(out).toContain('search default.svc.cluster.local svc.cluster.local cluster.local\n');
    expect(out).toContain(`KUBERNETES_SERVICE_HOST=${lab.instance.kubernetesServiceIp}\n`);
  });

  test('has containers that share the network, but not their processes', async () => {
    lab.create('pair', {
      containers: [
        main({ command: ['/usr/bin/perl', '-e', SERVER, 'both'], ports: [{ containerPort: 8000 }] }),
        { name: 'other', image: IMAGE, command: ['/bin/sleep', 'infinity'] },
      ],
    });
    await lab.ready('pair');
    const { out } = await lab.sh('pair', `${GET} 127.0.0.1; readlink /proc/1/exe`, 'other');
    expect(out).toBe('both\n/usr/bin/sleep\n');
  });

  test('is refused where it does not fit, and says why', async () => {
    lab.create('misfit', { nodeSelector: { disk: 'ssd' } });
    const pod = await lab.until('misfit', (each) => each.status?.conditions?.length === 1);
    expect(pod.status?.conditions?.[0]).toMatchObject({
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    });
    expect(lab.events('misfit')[0]?.reason).toBe('FailedScheduling');
  });

  test('waits for an image that is not there, and for a secret that is not there', async () => {
    lab.create('imageless', {
      containers: [main({ image: 'localhost/pgherd-no-such:1', imagePullPolicy: 'Never' })],
    });
    lab.create('secretless', {
      containers: [main({ envFrom: [{ secretRef: { name: 'late' } }] })],
    });
    const waiting = (name: string) => statusOf(name)?.state?.waiting;
    await lab.until('imageless', () => waiting('imageless')?.reason === 'ErrImageNeverPull');
    await lab.until('secretless', () => waiting('secretless')?.reason === 'CreateContainerConfigError');
    expect(waiting('secretless')?.message).toBe('secret "late" not found');
    lab.registry.create(secrets, 'default', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'late' } });
    await lab.ready('secretless');
  });
});

/** Answers every connection to port 8000 with its argument. */
const SERVER =
  'use Socket; socket(S,PF_INET,SOCK_STREAM,6); setsockopt(S,SOL_SOCKET,SO_REUSEADDR,1);' +
  'bind(S,sockaddr_in(8000,INADDR_ANY)) or die; listen(S,9);' +
  'while(1){accept(C,S) or next; sysread(C,$b,4096); $s = -e "/tmp/sick" ? 500 : 200;' +
  'print C "HTTP/1.0 $s x\\r\\n\\r\\n$ARGV[0]\\n"; close C}';
const GET =
  'perl -e \'use Socket; socket(S,PF_INET,SOCK_STREAM,6); connect(S,sockaddr_in(8000,inet_aton($ARGV[0]))) or die; syswrite S,"GET / HTTP/1.0\\r\\n\\r\\n"; undef $/; $_=<S>; s/.*\\r\\n\\r\\n//s; print\'';

describe('ends and restarts', () => {
  test('every process killed: the first restart is immediate, the next has to wait', async () => {
    lab.create('crash', { containers: [main({ command: script('echo alive; sleep infinity & wait') })] });
    const before = await lab.ready('crash');
    killMain('crash');
    const after = await lab.until(
      'crash',
      (pod) => isReady(pod) && pod.status?.containerStatuses?.[0]?.restartCount === 1,
    );
    expect(after.status?.podIP).toBe(before.status?.podIP);
    expect(statusOf('crash')?.lastState?.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
    expect(await lab.logs('crash', { previous: true })).toBe('alive\n');
    killMain('crash');
    await lab.until('crash', () => statusOf('crash')?.state?.waiting?.reason === 'CrashLoopBackOff');
    expect(statusOf('crash')?.state?.waiting?.message).toMatch(
      /^back-off 10s restarting failed container=main pod=crash_default\(/,
    );
    expect(lab.events('crash').map((each) => each.reason)).toContain('BackOff');
    await lab.until('crash', (pod) => isReady(pod) && pod.status?.containerStatuses?.[0]?.restartCount === 2);
  });

  test('a job of a pod succeeds, another fails with its message', async () => {
    lab.create('well', { restartPolicy: 'Never', containers: [main({ command: script('echo done') })] });
    lab.create('badly', {
      restartPolicy: 'Never',
      containers: [main({ command: script('echo no version > /dev/termination-log; exit 3') })],
    });
    await lab.until('well', (pod) => pod.status?.phase === 'Succeeded');
    await lab.until('badly', (pod) => pod.status?.phase === 'Failed');
    expect(await lab.logs('well')).toBe('done\n');
    expect(statusOf('well')?.state?.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    expect(statusOf('badly')?.state?.terminated).toMatchObject({
      exitCode: 3,
      reason: 'Error',
      message: 'no version\n',
    });
  });

  test('a program that does not exist is a start error', async () => {
    lab.create('nothing', { restartPolicy: 'Never', containers: [main({ command: ['/nothing'] })] });
    await lab.until('nothing', (pod) => pod.status?.phase === 'Failed');
    expect(statusOf('nothing')?.state?.terminated).toMatchObject({ exitCode: 128, reason: 'StartError' });
    expect(statusOf('nothing')?.state?.terminated?.message).toMatch(/no such file/);
  });

  test('init containers run one after the other before the others', async () => {
    const step = (name: string, text: string) => ({
      name,
      image: IMAGE,
      command: script(text),
      volumeMounts: [{ name: 'work', mountPath: '/scratch' }],
    });
    lab.create('steps', {
      volumes: [{ name: 'work', emptyDir: {} }],
      initContainers: [step('one', 'echo 1 >> /scratch/log'), step('two', 'echo 2 >> /scratch/log')],
      containers: [step('main', 'echo 3 >> /scratch/log; exec sleep infinity')],
    });
    const pod = await lab.ready('steps');
    expect((await lab.sh('steps', 'cat /scratch/log', 'main')).out).toBe('1\n2\n3\n');
    expect(pod.status?.initContainerStatuses?.map((each) => each.state?.terminated?.reason)).toEqual([
      'Completed',
      'Completed',
    ]);
  });

  test('deletion: preStop, SIGTERM, and only then the pod is gone', async () => {
    lab.create('polite', {
      terminationGracePeriodSeconds: 20,
      volumes: [{ name: 'out', hostPath: { path: `${lab.instance.home}/out`, type: 'DirectoryOrCreate' } }],
      containers: [
        main({
          command: script(
            'trap "echo term >> /out/log; exit 0" TERM; echo up > /out/log; sleep infinity & wait',
          ),
          lifecycle: { preStop: { exec: { command: script('echo pre >> /out/log') } } },
          volumeMounts: [{ name: 'out', mountPath: '/out' }],
        }),
      ],
    });
    await lab.ready('polite');
    await vi.waitFor(() => expect(logFile()).toBe('up\n'), soon);
    lab.registry.delete(pods, 'default', 'polite');
    expect(lab.get('polite').metadata.deletionGracePeriodSeconds).toBe(20);
    await lab.gone('polite');
    expect(logFile()).toBe('up\npre\nterm\n');
    expect(lab.events('polite').map((each) => each.message)).toContain('Stopping container main');
    expect(await containersOf('polite')).toEqual([]);
  });

  test('deletion: SIGKILL when the grace period is over, at once when forced', async () => {
    const deaf = { containers: [main({ command: script('trap "" TERM; while :; do sleep 1; done') })] };
    lab.create('deaf', { ...deaf, terminationGracePeriodSeconds: 2 });
    lab.create('forced', { ...deaf, terminationGracePeriodSeconds: 600 });
    await lab.ready('deaf');
    await lab.ready('forced');
    lab.registry.delete(pods, 'default', 'deaf');
    lab.registry.delete(pods, 'default', 'forced', { gracePeriodSeconds: 0 });
    await lab.gone('deaf');
    await vi.waitFor(async () => expect(await containersOf('forced')).toEqual([]), soon);
  });

  const logFile = (): string => execFileSync('cat', [`${lab.instance.home}/out/log`]).toString();
});

describe('probes', () => {
  const http = (fields: object) => ({ httpGet: { path: '/', port: 'web' }, periodSeconds: 1, ...fields });
  const server = (probes: object) =>
    main({
      command: ['/usr/bin/perl', '-e', SERVER, 'ok'],
      ports: [{ name: 'web', containerPort: 8000 }],
      ...probes,
    });

  test('readiness follows the answers', async () => {
    lab.create('ready', { containers: [server({ readinessProbe: http({ failureThreshold: 1 }) })] });
    await lab.ready('ready');
    await lab.sh('ready', 'touch /tmp/sick');
    const sick = await lab.until('ready', (pod) => !isReady(pod));
    const condition = sick.status?.conditions?.find((each) => each.type === 'Ready');
    expect(condition).toMatchObject({
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
    });
    expect(lab.events('ready').map((each) => each.message)).toContain(
      'Readiness probe failed: HTTP probe failed with statuscode: 500',
    );
    await lab.sh('ready', 'rm /tmp/sick');
    await lab.ready('ready');
    expect(statusOf('ready')?.restartCount).toBe(0);
  });

  test('a failed liveness probe restarts the container, a startup probe comes first', async () => {
    lab.create('alive', {
      containers: [
        server({
          startupProbe: { tcpSocket: { port: 8000 }, periodSeconds: 1, failureThreshold: 30 },
          livenessProbe: {
            exec: { command: script('test ! -e /tmp/sick') },
            periodSeconds: 1,
            timeoutSeconds: 5,
            failureThreshold: 1,
          },
        }),
      ],
    });
    await lab.ready('alive');
    await lab.sh('alive', 'touch /tmp/sick');
    await lab.until('alive', (pod) => isReady(pod) && statusOf('alive')?.restartCount === 1);
    expect(lab.events('alive').map((each) => each.message)).toContain(
      'Container main failed liveness probe, will be restarted',
    );
  });
});

describe('volumes', () => {
  test('a changed secret shows in the volume, but not under a subPath', async () => {
    const secret = (value: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'changing' },
      stringData: { key: value },
    });
    lab.registry.create(secrets, 'default', secret('old'));
    lab.create('secretive', {
      securityContext: { fsGroup: 4321 },
      volumes: [{ name: 's', secret: { secretName: 'changing', defaultMode: 0o400 } }],
      containers: [
        main({
          securityContext: { runAsUser: 1234 },
          volumeMounts: [
            { name: 's', mountPath: '/s' },
            { name: 's', mountPath: '/key', subPath: 'key' },
          ],
        }),
      ],
    });
    await lab.ready('secretive');
    expect((await lab.sh('secretive', 'cat /s/key; stat -L -c %a:%g /s/key; id -u')).out).toBe(
      'old440:4321\n1234\n',
    );
    lab.registry.update(secrets, 'default', 'changing', secret('new'));
    await vi.waitFor(async () => expect((await lab.sh('secretive', 'cat /s/key')).out).toBe('new'), soon);
    expect((await lab.sh('secretive', 'cat /key')).out).toBe('old');
  });

  test('the projected token is bound to the pod', async () => {
    lab.create('tokened');
    const { metadata } = await lab.ready('tokened');
    const { out } = await lab.sh(
      'tokened',
      'cd /var/run/secrets/kubernetes.io/serviceaccount; cat namespace ca.crt; echo; cat token',
    );
    const [first, token = ''] = out.split('\n');
    expect(first).toBe('defaultCA');
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims['kubernetes.io'].pod).toEqual({ name: 'tokened', uid: metadata.uid });
    expect(refreshAt(token)).toBe(claims.iat + 0.8 * 3607);
  });

  test('emptyDir in memory has its size and ends with the pod', async () => {
    lab.create('memory', {
      volumes: [{ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '5Mi' } }],
      containers: [main({ volumeMounts: [{ name: 'shm', mountPath: '/dev/shm' }] })],
    });
    await lab.ready('memory');
    expect((await lab.sh('memory', 'stat -f -c %T /dev/shm; df -k /dev/shm | tail -1')).out).toMatch(
      /^tmpfs\ntmpfs +5120 /,
    );
    lab.registry.delete(pods, 'default', 'memory');
    await lab.gone('memory');
    const mounts = execFileSync('cat', ['/proc/self/mountinfo']).toString();
    expect(mounts).not.toContain(`${lab.instance.home}/pods/`);
  });
});

describe('exec and logs', () => {
  test('exit code, both streams, standard input', async () => {
    const { Readable, Writable } = await import('node:stream');
    lab.create('shell');
    await lab.ready('shell');
    expect(await lab.sh('shell', 'echo out; echo err >&2; exit 7')).toEqual({
      code: 7,
      out: 'out\n',
      err: 'err\n',
    });
    let out = '';
    const code = await lab.agent.exec('default', 'shell', {
      command: ['/bin/cat'],
      tty: false,
      stdin: Readable.from([Buffer.from('hello '), Buffer.from('there')]),
      stdout: new Writable({
        write(chunk: Buffer, _encoding, done) {
          out += chunk.toString();
          done();
        },
      }),
      signal: AbortSignal.timeout(10_000),
    });
    expect([code, out]).toEqual([0, 'hello there']);
  });

  test('a command that ends before all of its input has come ends with its exit code', async () => {
    const { Readable } = await import('node:stream');
    lab.create('hurried');
    await lab.ready('hurried');
    const much = Array.from({ length: 200 }, () => Buffer.alloc(32_768));
    for (let n = 0; n < 5; n++) {
      const code = await lab.agent.exec('default', 'hurried', {
        command: script('head -c 10 > /dev/null; exit 5'),
        tty: false,
        stdin: Readable.from(much),
        signal: AbortSignal.timeout(20_000),
      });
      expect(code).toBe(5);
    }
  });

  test('the log, its end, and following it until the container ends', async () => {
    lab.create('talker', {
      restartPolicy: 'Never',
      containers: [
        main({
          command: script(
            'for i in 1 2 3; do echo line $i; done; until test -e /tmp/go; do sleep 0.05; done; echo bye',
          ),
        }),
      ],
    });
    await lab.ready('talker');
    await vi.waitFor(async () => expect(await lab.logs('talker')).toBe('line 1\nline 2\nline 3\n'), soon);
    expect(await lab.logs('talker', { tailLines: 1 })).toBe('line 3\n');
    expect(await lab.logs('talker', { limitBytes: 4 })).toBe('line');
    const followed = lab.logs('talker', { follow: true });
    await lab.sh('talker', 'touch /tmp/go');
    expect(await followed).toBe('line 1\nline 2\nline 3\nbye\n');
    await expect(lab.logs('talker', { previous: true })).rejects.toThrow(
      'previous terminated container "main" in pod "talker" not found',
    );
  });
});

describe('a new agent over running containers', () => {
  test('takes them over, notices what happened meanwhile, ends what belongs to nobody', async () => {
    lab.create('keeps');
    lab.create('dies');
    lab.create('orphan');
    const before = await lab.ready('keeps');
    await Promise.all([lab.ready('dies'), lab.ready('orphan')]);
    await lab.agent.stop();
    killMain('dies');
    lab.registry.delete(pods, 'default', 'orphan', { gracePeriodSeconds: 0 });
    await lab.restartAgent();
    await lab.until('dies', (pod) => isReady(pod) && statusOf('dies')?.restartCount === 1);
    await vi.waitFor(async () => expect(await containersOf('orphan')).toEqual([]), soon);
    const after = lab.get('keeps');
    expect(after.status?.containerStatuses).toEqual(before.status?.containerStatuses);
    expect(after.status?.conditions).toEqual(before.status?.conditions);
    expect((await lab.sh('keeps', 'exit 3')).code).toBe(3);
    lab.registry.delete(pods, 'default', 'keeps');
    await lab.gone('keeps');
  });
});

/** SIGKILL to the first process of the container, from outside. */
function killMain(name: string): void {
  const id = statusOf(name)?.containerID?.split('//')[1] ?? '';
  const pid =
    execFileSync('pgrep', ['-f', `conmon.*${id}`])
      .toString()
      .split('\n')[0] ?? '';
  const child = execFileSync('pgrep', ['-P', pid]).toString().trim();
  process.kill(Number(child), 'SIGKILL');
}

async function containersOf(pod: string): Promise<string[]> {
  const filters = encodeURIComponent(
    JSON.stringify({ label: [`pgherd.dev/instance=${lab.instance.id}`, `pgherd.dev/pod-name=${pod}`] }),
  );
  const found = await lab.engine.request<{ Id: string }[]>(
    'GET',
    `/containers/json?all=true&filters=${filters}`,
  );
  return found.map((each) => each.Id);
}
