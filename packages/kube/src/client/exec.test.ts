import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { TransportError } from './errors.ts';
import { ScriptedServer } from './testing/scripted-server.ts';

const pod = { namespace: 'herd', name: 'a' };
const success = { kind: 'Status', status: 'Success' };
const exit = (code: number): object => ({
  kind: 'Status',
  status: 'Failure',
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
});

interface Session {
  socket: WebSocket;
  query: URLSearchParams;
  send: (channel: number, data: string | Buffer) => void;
  end: (status: object) => void;
}

/** A server that serves exec with `protocol` the way `run` says. */
async function serveExec(protocol: string, run: (session: Session) => void): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(() => {});
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  });
  server.server.on('upgrade', (request, raw, head) => {
    sockets.handleUpgrade(request, raw, head, (socket) => {
      const send = (channel: number, data: string | Buffer): void =>
        socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(data)]));
      const end = (status: object): void => {
        send(3, JSON.stringify(status));
        socket.close();
      };
      run({ socket, send, end, query: new URL(request.url ?? '', 'https://x').searchParams });
    });
  });
  return server;
}

for (const protocol of ['v5.channel.k8s.io', 'v4.channel.k8s.io']) {
  test(`${protocol}: output, error output and exit code`, async () => {
    await using server = await serveExec(protocol, ({ query, send, end }) => {
      send(1, `${query.getAll('command').join(' ')} in ${query.get('container')}`);
      send(2, 'Zür');
      send(2, 'ich');
      end(exit(7));
    });
    const result = await server
      .client()
      .exec(pod, { command: ['pg_controldata', '-D', 'x y'], container: 'postgres' });
    expect(result).toEqual({ exitCode: 7, stdout: 'pg_controldata -D x y in postgres', stderr: 'Zürich' });
  });
}

test('characters cut between messages are put together again', async () => {
  const bytes = Buffer.from('🐘');
  await using server = await serveExec('v5.channel.k8s.io', ({ send, end }) => {
    send(1, bytes.subarray(0, 2));
    send(1, bytes.subarray(2));
    end(success);
  });
  expect((await server.client().exec(pod, { command: ['x'] })).stdout).toBe('🐘');
});

test('standard input is sent and closed, output goes to the stream given', async () => {
  await using server = await serveExec('v5.channel.k8s.io', ({ socket, send, end }) => {
    const input: Buffer[] = [];
    socket.on('message', (data: Buffer) => {
      if (data[0] === 0) input.push(data.subarray(1));
      if (data[0] === 255 && data[1] === 0) {
        send(1, Buffer.concat(input));
        end(success);
      }
    });
  });
  const client = server.client();
  expect((await client.exec(pod, { command: ['cat'], stdin: 'select 1;\n' })).stdout).toBe('select 1;\n');

  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const running = client.exec(pod, { command: ['cat'], stdin, stdout });
  const big = Buffer.alloc(1_000_000, 'x');
  stdin.write(big.subarray(0, 400_000));
  stdin.end(big.subarray(400_000));
  const received: Buffer[] = [];
  stdout.on('data', (chunk: Buffer) => received.push(chunk));
  expect(await running).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  await vi.waitFor(() => expect(Buffer.concat(received).equals(big)).toBe(true));
});

test('a command that ends before its input does ends the call and releases the input', async () => {
  await using server = await serveExec('v5.channel.k8s.io', ({ end }) => end(success));
  const stdin = new PassThrough();
  expect((await server.client().exec(pod, { command: ['true'], stdin })).exitCode).toBe(0);
  expect(stdin.destroyed).toBe(true);
});

test('sizes of the terminal are sent', async () => {
  const seen = Promise.withResolvers<string>();
  await using server = await serveExec('v5.channel.k8s.io', ({ socket, query, end }) => {
    socket.on('message', (data: Buffer) => {
      seen.resolve(
        `${data[0]} ${data.toString('utf8', 1)} tty=${query.get('tty')} stderr=${query.get('stderr')}`,
      );
      end(success);
    });
  });
  async function* sizes(): AsyncGenerator<{ columns: number; rows: number }> {
    yield { columns: 80, rows: 24 };
  }
  await server.client().exec(pod, { command: ['psql'], tty: true, sizes: sizes() });
  expect(await seen.promise).toBe('4 {"Width":80,"Height":24} tty=true stderr=false');
});

test('a command that cannot be started is an ApiError', async () => {
  await using server = await serveExec('v5.channel.k8s.io', ({ end }) =>
    end({ kind: 'Status', status: 'Failure', code: 500, reason: 'InternalError', message: 'no such file' }),
  );
  await expect(server.client().exec(pod, { command: ['x'] })).rejects.toMatchObject({
    code: 500,
    message: 'no such file',
  });
});

test('a refused upgrade is what the server answered', async () => {
  await using server = await ScriptedServer.start((exchange) =>
    exchange.status(404, 'NotFound', 'pods "a" not found'),
  );
  const seen: string[] = [];
  const client = server.client({
    onRequest: ({ verb, resource, code }) => seen.push(`${verb} ${resource} ${code}`),
  });
  await expect(client.exec(pod, { command: ['x'] })).rejects.toMatchObject({
    code: 404,
    message: 'pods "a" not found',
  });
  expect(seen).toEqual(['exec pods/exec 404']);
});

test('a connection that ends before the command is a TransportError', async () => {
  await using server = await serveExec('v5.channel.k8s.io', ({ socket }) => socket.terminate());
  await expect(server.client().exec(pod, { command: ['x'] })).rejects.toBeInstanceOf(TransportError);
});

test('aborting ends the call with the reason', async () => {
  const started = Promise.withResolvers<void>();
  await using server = await serveExec('v5.channel.k8s.io', () => started.resolve());
  const stop = new AbortController();
  const call = server.client().exec(pod, { command: ['sleep'], signal: stop.signal });
  await started.promise;
  stop.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
});
