import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A disk as Amazon has it. */
export interface FakeDisk {
  type: string;
  sizeGiB: number;
  iops?: number | undefined;
  throughput?: number | undefined;
  modification?: FakeModification;
}

/** A change of a disk. */
export interface FakeModification {
  state: 'modifying' | 'optimizing' | 'completed' | 'failed';
  target: Omit<FakeDisk, 'modification'>;
  startedAt: number;
  message?: string;
}

/** Keys that requests are signed with. */
interface Keys {
  id: string;
  secret: string;
  token?: string;
}

/** An answer that is an error, in EC2's words. */
class Fault extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const hour = 3_600_000;
const longestSkewMs = 15 * 60_000;

/**
 * Amazon's EC2, as far as disks go, over HTTP: the query protocol, signatures (version 4) that are checked with what the
 * sender must know, rights, throttling, and the rules for changing a disk. Beside it, on the same port, what hands out
 * credentials: STS for a web identity, the endpoint for containers, and the instance's metadata (IMDSv2).
 */
export class FakeEc2 {
  readonly disks = new Map<string, FakeDisk>();
  /** Every request that was signed as it should be, as `Action` and its parameters. */
  readonly requests: { action: string; parameters: URLSearchParams; keyId: string }[] = [];
  /** Actions that the account may not do. */
  readonly denied = new Set<string>();
  /** So many requests from now on are too many. */
  throttled = 0;
  /** How many were. */
  wereThrottled = 0;
  /** By id. */
  readonly keys = new Map<string, Keys>([['AKIDTEST', { id: 'AKIDTEST', secret: 'a/secret+key' }]]);
  region = 'eu-central-1';
  /** Milliseconds since 1970, for the rules about time. */
  now: () => number = () => Date.now();
  /** Disks can be changed once in six hours, as before 2026, instead of four times in 24. */
  isStrict = false;
  /** A change is in force as soon as it was asked for. */
  isQuick = false;
  /** The token of the web identity, and of the container, that credentials are given for. */
  identity = 'a web identity';
  readonly #server: Server;
  /** When disks were changed, by id. */
  readonly #changes = new Map<string, number[]>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeEc2> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const fake = new FakeEc2(server);
    server.on('request', (request, response) => void fake.#serve(request, response));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Actions that were asked for, in order. */
  actions(): string[] {
    return this.requests.map(({ action }) => action);
  }

  /** What was asked of one disk to become. */
  changesOf(id: string): Record<string, string>[] {
    return this.requests
      .filter(({ action, parameters }) => action === 'ModifyVolume' && parameters.get('VolumeId') === id)
      .map(({ parameters }) => {
        const {
          Action: _action,
          Version: _version,
          VolumeId: _id,
          ...change
        } = Object.fromEntries(parameters);
        return change;
      });
  }

  /** Takes the change of a disk further. From `optimizing` on it is in force. */
  settle(id: string, state: 'optimizing' | 'completed' | 'failed', message?: string): void {
    const disk = this.disks.get(id);
    if (disk?.modification === undefined) throw new Error(`nothing changes ${id}`);
    disk.modification = { ...disk.modification, state, ...(message === undefined ? {} : { message }) };
    if (state !== 'failed') Object.assign(disk, disk.modification.target);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const url = new URL(request.url ?? '/', this.url);
    try {
      if (url.pathname !== '/') return this.#serveCredentials(request, url, response);
      const parameters = new URLSearchParams(body);
      const action = parameters.get('Action') ?? '';
      if (action === 'AssumeRoleWithWebIdentity') return send(response, 200, this.#assume(parameters));
      const keyId = this.#verify(request, url, body);
      if (this.throttled > 0) {
        this.throttled -= 1;
        this.wereThrottled += 1;
        throw new Fault(503, 'RequestLimitExceeded', 'Request limit exceeded.');
      }
      this.requests.push({ action, parameters, keyId });
      if (this.denied.has(action)) {
        const blob = 'x'.repeat(600);
        const said = `You are not authorized to perform this operation. Encoded authorization failure message: ${blob}`;
        throw new Fault(403, 'UnauthorizedOperation', said);
      }
      send(response, 200, this.#act(action, parameters));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const { status, code, message } = error;
      send(
        response,
        status,
        `<Response><Errors><Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error></Errors><RequestID>r</RequestID></Response>`,
      );
    }
  }

  #act(action: string, parameters: URLSearchParams): string {
    switch (action) {
      case 'DescribeVolumes':
        return answer(action, `<volumeSet>${this.#each(parameters, volumeItem)}</volumeSet>`);
      case 'DescribeVolumesModifications':
        return answer(
          action,
          `<volumeModificationSet>${this.#each(parameters, modificationItem)}</volumeModificationSet>`,
        );
      case 'ModifyVolume':
        return answer(action, this.#modify(parameters));
      default:
        throw new Fault(400, 'InvalidAction', `The action ${action} is not valid for this web service.`);
    }
  }

  /** One item for each disk that the filter names, and that there is. */
  #each(parameters: URLSearchParams, item: (id: string, disk: FakeDisk) => string): string {
    if (parameters.get('Filter.1.Name') !== 'volume-id')
      throw new Fault(400, 'InvalidParameterValue', 'a filter by volume-id is all that is understood here');
    const ids = [...parameters].filter(([name]) => /^Filter\.1\.Value\.\d+$/.test(name)).map(([, id]) => id);
    if (ids.length > 200) throw new Fault(400, 'FilterLimitExceeded', 'too many values');
    return ids
      .flatMap((id) => {
        const disk = this.disks.get(id);
        return disk === undefined ? [] : [item(id, disk)];
      })
      .join('');
  }

  #modify(parameters: URLSearchParams): string {
    const id = parameters.get('VolumeId') ?? '';
    const disk = this.disks.get(id);
    if (disk === undefined)
      throw new Fault(400, 'InvalidVolume.NotFound', `The volume '${id}' does not exist.`);
    const { modification } = disk;
    if (modification?.state === 'modifying' || modification?.state === 'optimizing')
      throw new Fault(400, 'IncorrectModificationState', `Cannot modify ${id}: ${modification.state}`);
    const changes = (this.#changes.get(id) ?? []).filter((at) => this.now() - at < 24 * hour);
    const isTooSoon = modification !== undefined && this.now() - modification.startedAt < 6 * hour;
    if (this.isStrict ? isTooSoon : changes.length >= 4)
      throw new Fault(
        400,
        'VolumeModificationRateExceeded',
        "You've reached the maximum modification rate per volume limit.",
      );
    const number = (name: string) => {
      const value = parameters.get(name);
      return value === null ? undefined : Number(value);
    };
    const type = parameters.get('VolumeType') ?? disk.type;
    const sizeGiB = number('Size') ?? disk.sizeGiB;
    if (sizeGiB < disk.sizeGiB)
      throw new Fault(400, 'InvalidParameterValue', 'New size cannot be smaller than existing size');
    const [iops, throughput] = [number('Iops'), number('Throughput')];
    const isGp3 = type === 'gp3';
    if ((iops !== undefined && type === 'gp2') || (throughput !== undefined && !isGp3))
      throw new Fault(400, 'InvalidParameterCombination', `not for volumes of type ${type}`);
    const was = disk.type === type ? disk : undefined;
    const target = {
      type,
      sizeGiB,
      iops: iops ?? was?.iops ?? (isGp3 ? 3000 : type === 'gp2' ? 100 : undefined),
      throughput: throughput ?? was?.throughput ?? (isGp3 ? 125 : undefined),
    };
    this.#changes.set(id, [...changes, this.now()]);
    disk.modification = { state: 'modifying', target, startedAt: this.now() };
    const told = modificationItem(id, disk).replace(/^<item>|<\/item>$/g, '');
    if (this.isQuick) this.settle(id, 'optimizing');
    return `<volumeModification>${told}</volumeModification>`;
  }

  /** Checks signature version 4 by itself, from what was received. Answers the id of the key. */
  #verify(request: IncomingMessage, url: URL, body: string): string {
    const header = (name: string) => String(request.headers[name] ?? '');
    const found =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([\da-f]{64})$/.exec(
        header('authorization'),
      );
    if (found === null) throw new Fault(401, 'AuthFailure', 'the request is not signed');
    const [, id = '', date = '', region = '', service = '', names = '', signature] = found;
    const keys = this.keys.get(id);
    if (keys === undefined || header('x-amz-security-token') !== (keys.token ?? ''))
      throw new Fault(401, 'AuthFailure', 'AWS was not able to validate the provided access credentials');
    const at = header('x-amz-date');
    const iso = at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
    if (!at.startsWith(date) || !(Math.abs(Date.now() - Date.parse(iso)) < longestSkewMs))
      throw new Fault(400, 'RequestExpired', 'Request has expired.');
    const signed = names.split(';');
    const needed = ['host', 'x-amz-date', ...(keys.token === undefined ? [] : ['x-amz-security-token'])];
    const canonical = [
      request.method,
      url.pathname,
      url.searchParams.toString(),
      ...signed.map((name) => `${name}:${header(name).trim()}`),
      '',
      names,
      createHash('sha256').update(body).digest('hex'),
    ].join('\n');
    const scope = `${date}/${region}/${service}/aws4_request`;
    const toSign = ['AWS4-HMAC-SHA256', at, scope, createHash('sha256').update(canonical).digest('hex')].join(
      '\n',
    );
    const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
    const key = [date, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${keys.secret}`);
    const isRight =
      createHmac('sha256', key).update(toSign).digest('hex') === signature &&
      needed.every((name) => signed.includes(name));
    if (!isRight || region !== this.region || service !== 'ec2')
      throw new Fault(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match');
    return id;
  }

  #assume(parameters: URLSearchParams): string {
    if (parameters.get('WebIdentityToken') !== this.identity)
      throw new Fault(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
    const { id, secret, token, expiration } = this.#temporary(`STS of ${parameters.get('RoleArn') ?? ''}`);
    return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${secret}</SecretAccessKey><SessionToken>${token}</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
  }

  #serveCredentials(request: IncomingMessage, { pathname }: URL, response: ServerResponse): void {
    const json = (name: string) => {
      const { id, secret, token, expiration } = this.#temporary(name);
      const found = { AccessKeyId: id, SecretAccessKey: secret, Token: token, Expiration: expiration };
      send(response, 200, JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...found }));
    };
    const metadata = '/latest/meta-data/iam/security-credentials/';
    const hasToken = request.headers['x-aws-ec2-metadata-token'] === 'session';
    if (pathname === '/container' && request.headers.authorization === this.identity) json('container');
    else if (pathname === '/latest/api/token' && request.method === 'PUT') send(response, 200, 'session');
    else if (pathname === metadata && hasToken) send(response, 200, 'node-role');
    else if (pathname === `${metadata}node-role` && hasToken) json('instance');
    else send(response, 401, '');
  }

  /** Keys that are good for an hour. */
  #temporary(name: string) {
    const keys = {
      id: `ASIA ${name}`.replaceAll(/[^\w]/g, '-'),
      secret: `secret of ${name}`,
      token: `token of ${name}`,
    };
    this.keys.set(keys.id, keys);
    return { ...keys, expiration: new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z') };
  }
}

function answer(action: string, inside: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>${inside}</${action}Response>`;
}

function volumeItem(id: string, { type, sizeGiB, iops, throughput }: FakeDisk): string {
  const optional = (name: string, value: number | undefined) =>
    value === undefined ? '' : `<${name}>${value}</${name}>`;
  return `<item><volumeId>${id}</volumeId><size>${sizeGiB}</size><status>in-use</status><attachmentSet><item><volumeId>${id}</volumeId><status>attached</status></item></attachmentSet><volumeType>${type}</volumeType>${optional('iops', iops)}${optional('throughput', throughput)}</item>`;
}

function modificationItem(id: string, { modification }: FakeDisk): string {
  if (modification === undefined) return '';
  const { state, target, startedAt, message = '' } = modification;
  const { type, sizeGiB, iops, throughput } = target;
  const optional = (name: string, value: number | undefined) =>
    value === undefined ? '' : `<${name}>${value}</${name}>`;
  return `<item><volumeId>${id}</volumeId><modificationState>${state}</modificationState><statusMessage>${escaped(message)}</statusMessage><targetSize>${sizeGiB}</targetSize><targetVolumeType>${type}</targetVolumeType>${optional('targetIops', iops)}${optional('targetThroughput', throughput)}<progress>0</progress><startTime>${new Date(startedAt).toISOString()}</startTime></item>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8' });
  response.end(body);
}
