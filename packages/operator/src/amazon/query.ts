import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { text as readText } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { AmazonError, kindOf } from './amazon-error.ts';
import type { Query } from './ec2.ts';
import { childrenOf, readXml, textAt, type Element } from './xml.ts';

/** Who is asked, and how. */
export interface QueryOptions {
  /** E.g. `eu-central-1`. */
  region: string;
  /** Where EC2 is; undefined: Amazon's own of the region. */
  endpoint?: string | undefined;
  /** Milliseconds before the second try of a request that was throttled or not answered; doubled with each further one. */
  retryMs?: number;
}

const version = '2016-11-15';
const tries = 4;
const firstRetryMs = 500;
const timeoutMs = 10_000;

/** Where EC2 is by the environment, as Amazon's own tools have it; undefined: at Amazon. */
export function endpointOf(environment: NodeJS.ProcessEnv): string | undefined {
  return environment['AWS_ENDPOINT_URL_EC2'] || environment['AWS_ENDPOINT_URL'] || undefined;
}

/**
 * Signed requests to EC2. Credentials come from where Amazon's own tools look for them, in their order: environment, web
 * identity (IRSA), files of `~/.aws`, container (EKS Pod Identity), instance metadata. They are asked for when they are
 * needed, and again before they run out. What is throttled or not answered is tried four times, with a delay that doubles.
 */
export function ec2Query({ region, endpoint, retryMs = firstRetryMs }: QueryOptions): Query {
  let sending: Promise<Send> | undefined;
  return async (action, parameters) => {
    const url = urlOf(region, endpoint);
    sending ??= sender(region, url);
    const send = await sending;
    const body = new URLSearchParams({ Action: action, Version: version, ...parameters }).toString();
    for (let left = tries - 1, delayMs = retryMs; ; left -= 1, delayMs *= 2) {
      try {
        return await ask(send, action, body, url);
      } catch (error) {
        const passes = error instanceof AmazonError && ['throttled', 'unreachable'].includes(error.kind);
        if (!passes || left === 0) throw error;
      }
      // Many operators that are throttled at once must not come again at once.
      const jitter = 0.5 + Math.random();
      await new Promise((resolve) => setTimeout(resolve, delayMs * jitter));
    }
  };
}

/** Sends one signed body, and answers status and text. */
type Send = (body: string) => Promise<{ status: number; text: string }>;

async function sender(region: string, url: URL): Promise<Send> {
  // They load slowly, and operators without disks of Amazon's never need them.
  const [{ SignatureV4 }, { NodeHttpHandler }, { defaultProvider }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@smithy/node-http-handler'),
    import('@aws-sdk/credential-provider-node'),
  ]);
  const proxyEnv = process.env;
  const requestHandler = new NodeHttpHandler({
    requestTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: new HttpAgent({ proxyEnv, keepAlive: false }),
    httpsAgent: new HttpsAgent({ proxyEnv, keepAlive: false }),
  });
  const credentials = defaultProvider({ clientConfig: { region, requestHandler } });
  const signer = new SignatureV4({ service: 'ec2', region, sha256: Sha256, credentials });
  return async (body) => {
    const unsigned = {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: url.pathname,
      query: {},
      headers: { host: url.host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body,
    };
    const signed = await signer.sign(unsigned).catch((error: unknown) => {
      throw withoutCredentials(error);
    });
    const { response } = await requestHandler.handle(signed as Parameters<typeof requestHandler.handle>[0]);
    return { status: response.statusCode, text: await readText(response.body as Readable) };
  };
}

async function ask(send: Send, action: string, body: string, url: URL): Promise<Element> {
  let answer: Awaited<ReturnType<Send>>;
  try {
    answer = await send(body);
  } catch (error) {
    if (error instanceof AmazonError) throw error;
    const { message, code } = error as { message: string; code?: string };
    const what = message === '' ? (code ?? 'no answer') : message;
    throw new AmazonError('unreachable', `${url.host} does not answer to ${action}: ${what}`, code, error);
  }
  const { status, text } = answer;
  const element = elementOf(text);
  if (status === 200 && element !== undefined) return element;
  const error = childrenOf(childrenOf(element, 'Errors')[0], 'Error')[0];
  const code = textAt(error, 'Code');
  if (code === undefined) {
    const what = text.trim().slice(0, 200);
    throw new AmazonError(
      status === 429 ? 'throttled' : 'unreachable',
      `${url.host} answers ${status}: ${what}`,
    );
  }
  // What follows is for Amazon's own tools, and long.
  const [said = ''] = (textAt(error, 'Message') ?? '').split(/\s*Encoded authorization failure message/);
  throw new AmazonError(kindOf(code, status), `${action}: ${said} (${code})`, code);
}

function elementOf(text: string): Element | undefined {
  try {
    return readXml(text);
  } catch {
    return undefined;
  }
}

function withoutCredentials(error: unknown): AmazonError {
  const said = error instanceof Error ? error.message : String(error);
  return new AmazonError('credentials', `no credentials for Amazon: ${said}`, undefined, error);
}

function urlOf(region: string, endpoint: string | undefined): URL {
  const china = region.startsWith('cn-') ? '.cn' : '';
  const url = endpoint ?? `https://ec2.${region}.amazonaws.com${china}/`;
  if (!URL.canParse(url))
    throw new AmazonError('unreachable', `AWS_ENDPOINT_URL_EC2 or AWS_ENDPOINT_URL (\`${url}\`) is no URL`);
  return new URL(url);
}

/** What the signer computes with; the contract of Amazon's libraries. */
class Sha256 {
  readonly #secret: Buffer | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret === undefined ? undefined : bytesOf(secret);
    this.#hash = this.#fresh();
  }

  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(chunk));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {
    this.#hash = this.#fresh();
  }

  #fresh(): Hash | Hmac {
    return this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret);
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
