import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll } from 'vitest';
import { connect, createClient, Transport, type Client, type Connection } from '@pgherd/kube/client';
import { namespaces } from '@pgherd/kube/objects';
import { useCluster } from './cluster.ts';
import { eventually } from './eventually.ts';
import { testImage } from './test-image.ts';

/** JSON as it came: the tests look into it as a script would, and a wrong look fails the test. */
export type Loose = ReturnType<typeof JSON.parse>;

/** An answer of the API server. */
export interface Answer {
  code: number;
  headers: IncomingHttpHeaders;
  /** Parsed, where it is JSON. */
  body: Loose;
}

/** What a request carries besides method and path. */
export interface RequestOptions {
  body?: unknown;
  /** Default `application/json`. */
  type?: string;
  headers?: Record<string, string>;
  /** Instead of the kubeconfig's credentials. */
  token?: string;
}

/** A watch that collects what it is told. */
export interface Watching {
  /** Events so far. */
  readonly events: { type: string; object: Loose }[];
  /** Waits for the first event that holds, among those that came too. */
  next(what: string, holds: (event: { type: string; object: Loose }) => boolean): Promise<Loose>;
  /** Settles when the server has ended the watch. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Raw access to the cluster under test, and a namespace of the test file's own. */
export interface Lab {
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  /** For pods; has busybox's shell. */
  readonly image: string;
  /** A name that no other run uses. */
  unique(prefix: string): string;
  /** `/api/v1/namespaces/NS/configmaps[/name…]`, or of another group: `in('apps/v1', 'statefulsets', …)`. */
  in(groupVersion: string, ...rest: string[]): string;
  /** Sends a request; never throws for a code. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** Sends a request that must succeed; answers the body. */
  ok(method: string, path: string, body?: unknown, type?: string): Promise<Loose>;
  watch(path: string, options?: { token?: string }): Promise<Watching>;
  /** A client that shows this token instead. */
  as(token: string): Client;
}

/** Connects before the tests of the file and makes a namespace for them; removes it afterwards. */
export function useLab(topic: string): Lab {
  const run = randomBytes(4).toString('hex');
  const namespace = `conformance-${run}`;
  const lab = new ClusterLab(namespace, run);
  beforeAll(async () => {
    await lab.open();
    await lab.client.create(namespaces, {
      metadata: { name: namespace, labels: { 'conformance-topic': topic } },
    });
    // Pods are refused until their service account is there.
    await eventually('the default service account is there', async () => {
      const { code } = await lab.request('GET', lab.in('v1', 'serviceaccounts', 'default'));
      return code === 200;
    });
  });
  afterAll(async () => {
    await lab.client.delete(namespaces, { name: namespace }, { ignoreNotFound: true });
    lab.close();
  });
  return lab;
}

class ClusterLab implements Lab {
  readonly namespace: string;
  image = '';
  private readonly run: string;
  private connected: { client: Client; connection: Connection; transport: Transport } | undefined;

  constructor(namespace: string, run: string) {
    this.namespace = namespace;
    this.run = run;
  }

  async open(): Promise<void> {
    const { kubeconfigPath } = await useCluster();
    const { client, connection } = await connect({ kubeconfig: kubeconfigPath });
    this.connected = { client, connection, transport: new Transport(connection) };
    this.image = await testImage();
  }

  close(): void {
    this.connected?.client.close();
    this.connected?.transport.close();
  }

  get client(): Client {
    return this.session.client;
  }

  get connection(): Connection {
    return this.session.connection;
  }

  unique(prefix: string): string {
    return `${prefix}-${this.run}`;
  }

  in(groupVersion: string, ...rest: string[]): string {
    const root = groupVersion.includes('/') ? '/apis' : '/api';
    return [root, groupVersion, 'namespaces', this.namespace, ...rest].join('/');
  }

  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { body, type = 'application/json', headers = {}, token } = options;
    const transport = this.transport(token);
    const {
      code,
      headers: got,
      body: text,
    } = await transport.request({
      method,
      path,
      headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    if (token !== undefined) transport.close();
    return { code, headers: got, body: parsed(text) };
  }

  async ok(method: string, path: string, body?: unknown, type?: string): Promise<Loose> {
    const answer = await this.request(method, path, {
      ...(body === undefined ? {} : { body }),
      ...(type === undefined ? {} : { type }),
    });
    if (answer.code < 200 || answer.code > 299) {
      throw new Error(`${method} ${path}: ${answer.code} ${answer.body?.message ?? answer.body}`);
    }
    return answer.body;
  }

  async watch(path: string, options: { token?: string } = {}): Promise<Watching> {
    const stream = await this.transport(options.token).stream({ method: 'GET', path });
    if (stream.statusCode !== 200) {
      stream.resume();
      throw new Error(`GET ${path}: ${stream.statusCode}`);
    }
    const events: { type: string; object: Loose }[] = [];
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') events.push(JSON.parse(line) as (typeof events)[number]);
    });
    stream.on('error', () => {});
    const ended = new Promise<void>((done) => stream.once('close', () => done()));
    return {
      events,
      ended,
      next: async (what, holds) => (await eventually(what, () => events.find(holds))).object,
      close: () => stream.destroy(),
    };
  }

  as(token: string): Client {
    return createClient(this.withToken(token));
  }

  private get session() {
    if (this.connected === undefined) throw new Error('the lab is open in tests and hooks only');
    return this.connected;
  }

  private withToken(token: string): Connection {
    const credentials = { get: async () => ({ headers: { authorization: `Bearer ${token}` } }) };
    return { ...this.connection, credentials };
  }

  private transport(token: string | undefined): Transport {
    return token === undefined ? this.session.transport : new Transport(this.withToken(token));
  }
}

function parsed(text: string): Loose {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Media types of patches. */
export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/** A pod that runs a shell command; `rest` is merged into its spec, `container` into its only container. */
export function shellPod(
  image: string,
  name: string,
  command: string,
  more: { labels?: Record<string, string>; spec?: object; container?: object } = {},
): Loose {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(more.labels === undefined ? {} : { labels: more.labels }) },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      ...more.spec,
      containers: [
        {
          name: 'main',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', command],
          ...more.container,
        },
      ],
    },
  };
}
