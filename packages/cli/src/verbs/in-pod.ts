import type { Client } from '@pgherd/kube/client';
import { PatroniError, parseObject, type SendHttp } from '@pgherd/patroni';

/**
 * Sends one request to the REST API of the pod that it runs in, and prints the answer as JSON. What the API wants (TLS, a
 * name and a password) is in Patroni's own configuration, which nobody else can read. The certificate is not one for the
 * loopback address in every image; who listens inside the own pod is Patroni.
 */
const script = `
import base64, http.client, json, os, ssl, sys
import yaml
method, path, body, timeout = sys.argv[1:5]
home = os.environ.get('PGHOME', '/home/postgres')
with open(os.path.join(home, 'postgres.yml')) as file:
    config = yaml.safe_load(file)
api, ctl = config.get('restapi') or {}, config.get('ctl') or {}
host, _, port = (api.get('connect_address') or api.get('listen') or ':8008').rpartition(':')
address = host.strip('[]') or '127.0.0.1'
if api.get('certfile'):
    ca = ctl.get('cacert') or api.get('cafile')
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
    if ctl.get('certfile'):
        context.load_cert_chain(ctl['certfile'], ctl.get('keyfile'))
    connection = http.client.HTTPSConnection(address, int(port), timeout=float(timeout), context=context)
else:
    connection = http.client.HTTPConnection(address, int(port), timeout=float(timeout))
headers = {'content-type': 'application/json'} if body else {}
login = api.get('authentication') or {}
secret = api.get('auth') or (login.get('username') and '%s:%s' % (login['username'], login.get('password', '')))
if secret:
    headers['authorization'] = 'Basic ' + base64.b64encode(secret.encode()).decode()
try:
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    print(json.dumps({'status': answer.status, 'body': answer.read().decode(errors='replace')}))
except (OSError, http.client.HTTPException) as error:
    print(json.dumps({'failure': str(error) or type(error).__name__}))
`;

/** To start a command in a pod takes its time, too. */
const startMs = 15_000;

/**
 * Patroni's REST API inside the pod of the name that is given as host, with the caller's right to run commands there: few
 * callers reach addresses of pods, and fewer know the API's password.
 */
export function sendInPod(client: Pick<Client, 'exec'>, namespace: string): SendHttp {
  return async ({ method, host: pod, path, body = '', timeoutMs }) => {
    const where = `${method} ${path} in pod ${pod}`;
    const run = client
      .exec(
        { namespace, name: pod },
        {
          container: 'postgres',
          command: ['python3', '-c', script, method, path, body, String(timeoutMs / 1000)],
          signal: AbortSignal.timeout(timeoutMs + startMs),
        },
      )
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new PatroniError(`${where}: ${reason}`, undefined, { cause: error });
      });
    const { exitCode, stdout, stderr } = await run;
    const said = parseObject(stdout.trim());
    if (exitCode !== 0 || said === undefined) {
      const complaint = stderr.trim().split('\n').at(-1) ?? '';
      throw new PatroniError(`${where}: ${complaint || `python3 ended with code ${exitCode}`}`);
    }
    const { status, body: answer, failure } = said;
    if (typeof status !== 'number') throw new PatroniError(`${where}: ${String(failure)}`);
    return { status, body: String(answer) };
  };
}
