import { PassThrough, Writable } from 'node:stream';
import type { Client } from '@pgherd/kube/client';
import { PatroniError, parseObject, type HttpAnswer, type HttpRequest, type SendHttp } from '@pgherd/patroni';

/**
 * Sends one request to the REST API of the pod that it runs in, and prints the answer as JSON. It prints a line when it is
 * ready, and reads the request from its input as a line of JSON; when there is none it does nothing. What the API wants (TLS, a
 * name and a password) is in Patroni's own configuration, which nobody else can read. The certificate is not one for the
 * loopback address in every image; who listens inside the own pod is Patroni.
 */
const script = `
import base64, http.client, json, os, ssl, sys
import yaml
home = os.environ.get('PGHOME', '/home/postgres')
with open(os.path.join(home, 'postgres.yml')) as file:
    config = yaml.safe_load(file)
api, ctl = config.get('restapi') or {}, config.get('ctl') or {}
host, _, port = (api.get('connect_address') or api.get('listen') or ':8008').rpartition(':')
address = host.strip('[]') or '127.0.0.1'
context = None
if api.get('certfile'):
    ca = ctl.get('cacert') or api.get('cafile')
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
    if ctl.get('certfile'):
        context.load_cert_chain(ctl['certfile'], ctl.get('keyfile'))
print('ready', flush=True)
asked = sys.stdin.readline()
if not asked:
    sys.exit()
request = json.loads(asked)
timeout, body = request['timeoutMs'] / 1000, request.get('body')
if context:
    connection = http.client.HTTPSConnection(address, int(port), timeout=timeout, context=context)
else:
    connection = http.client.HTTPConnection(address, int(port), timeout=timeout)
headers = {'content-type': 'application/json'} if body else {}
login = api.get('authentication') or {}
secret = api.get('auth') or (login.get('username') and '%s:%s' % (login['username'], login.get('password', '')))
if secret:
    headers['authorization'] = 'Basic ' + base64.b64encode(secret.encode()).decode()
try:
    connection.request(request['method'], request['path'], body or None, headers)
    answer = connection.getresponse()
    print(json.dumps({'status': answer.status, 'body': answer.read().decode(errors='replace')}))
except (OSError, http.client.HTTPException) as error:
    print(json.dumps({'failure': str(error) or type(error).__name__}))
`;

/** To start a command in a pod takes its time, too. */
const startMs = 15_000;

/** One request that is about to be made. */
export interface PreparedRequest {
  /** Makes it; its host is the pod that it was prepared in. */
  send: SendHttp;
  /** It is not made, unless it was already. */
  drop: () => void;
}

/**
 * Patroni's REST API inside the pod of the name that is given as host, with the caller's right to run commands there: few
 * callers reach addresses of pods, and fewer know the API's password.
 */
export function sendInPod(client: Pick<Client, 'exec'>, namespace: string): SendHttp {
  return async (request) => {
    const { send } = await prepareInPod(client, namespace, request.host);
    return send(request);
  };
}

/** Does what takes time before a request can be made: to start the program that makes it is more than all the rest. */
export async function prepareInPod(
  client: Pick<Client, 'exec'>,
  namespace: string,
  pod: string,
): Promise<PreparedRequest> {
  // It breaks when the program ends before it was given anything; how that ended tells more.
  const input = new PassThrough().on('error', () => {});
  const output = new Lines();
  const over = new AbortController();
  const run = client.exec(
    { namespace, name: pod },
    {
      container: 'postgres',
      command: ['python3', '-c', script],
      stdin: input,
      stdout: output,
      signal: over.signal,
    },
  );
  const ended = run.then(
    ({ exitCode, stderr }) => ({ exitCode, complaint: stderr.trim().split('\n').at(-1) ?? '' }),
    (error: unknown) => ({
      exitCode: -1,
      complaint: error instanceof Error ? error.message : String(error),
      cause: error,
    }),
  );
  const patience = setTimeout(() => over.abort(new Error(`no answer within ${startMs / 1000} s`)), startMs);
  await Promise.race([output.first, ended]);
  clearTimeout(patience);
  const send = async ({ method, path, body, timeoutMs }: HttpRequest): Promise<HttpAnswer> => {
    const where = `${method} ${path} in pod ${pod}`;
    const limit = timeoutMs + startMs;
    const late = setTimeout(() => over.abort(new Error(`no answer within ${limit / 1000} s`)), limit);
    input.end(`${JSON.stringify({ method, path, body, timeoutMs })}\n`);
    const { exitCode, complaint, ...rest } = await ended.finally(() => clearTimeout(late));
    const said = parseObject(output.rest.trim());
    if (exitCode !== 0 || said === undefined)
      throw new PatroniError(
        `${where}: ${complaint || `python3 ended with code ${exitCode}`}`,
        undefined,
        rest,
      );
    const { status, body: answer, failure } = said;
    if (typeof status !== 'number') throw new PatroniError(`${where}: ${String(failure)}`);
    return { status, body: String(answer) };
  };
  return { send, drop: () => over.abort(new Error('it is not asked for any more')) };
}

/** Output of which the first line comes early. */
class Lines extends Writable {
  readonly #chunks: Buffer[] = [];
  readonly #first = Promise.withResolvers<void>();

  /** Settled when there is a whole line. */
  get first(): Promise<void> {
    return this.#first.promise;
  }

  /** What came after the first line. */
  get rest(): string {
    const text = Buffer.concat(this.#chunks).toString();
    return text.slice(text.indexOf('\n') + 1);
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.#chunks.push(chunk);
    if (chunk.includes('\n')) this.#first.resolve();
    done();
  }
}
