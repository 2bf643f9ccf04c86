import * as packet from 'dns-packet';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeReply, parseRequest, type Request } from './message.ts';

function question(name: string, type: packet.RecordType = 'A', edns?: number): Buffer {
  return packet.encode({
    type: 'query',
    id: 4711,
    flags: packet.RECURSION_DESIRED,
    questions: [{ name, type, class: 'IN' }],
    additionals:
      edns === undefined
        ? []
        : [
            {
              type: 'OPT',
              name: '.',
              udpPayloadSize: edns,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ],
  });
}

function parse(message: Buffer): Request {
  const parsed = parseRequest(message);
  if (parsed.kind !== 'request') throw new Error(parsed.kind);
  return parsed.request;
}

test('any bytes whatever are read without an exception, and only questions are answered', () => {
  const check = (): void =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const message = Buffer.from(bytes);
        const parsed = parseRequest(message);
        const isQuestion = message.length >= 12 && message[2]! < 128;
        return (
          (parsed.kind === 'ignore') === !isQuestion &&
          (parsed.kind !== 'error' || parsed.reply.readUInt16BE(0) === message.readUInt16BE(0))
        );
      }),
      { numRuns: 5_000 },
    );
  expect(check).not.toThrow();
});

test('a damaged question is read without an exception and its answer can be decoded', () => {
  const whole = question('_postgresql._tcp.headless.default.svc.cluster.local', 'SRV', 4096);
  const check = (): void =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(whole.length),
        (changes, length) => {
          const message = Buffer.from(whole);
          for (const [at, value] of changes) message[at] = value;
          const parsed = parseRequest(message.subarray(0, length));
          if (parsed.kind === 'request')
            packet.decode(encodeReply(parsed.request, 'NXDOMAIN', undefined, { udp: true }));
          if (parsed.kind === 'error') packet.decode(parsed.reply);
        },
      ),
      { numRuns: 5_000 },
    );
  expect(check).not.toThrow();
});

test('a dot inside of a label is refused: as text it would be another name', () => {
  const message = question('headless.default');
  message.write('.', message.indexOf('less'));
  expect(parseRequest(message).kind).toBe('error');
  message.write('.', message.indexOf('default'));
  expect(parseRequest(message).kind).toBe('error');
});

test('names that point to themselves end', () => {
  const message = Buffer.concat([question('a').subarray(0, 12), Buffer.from([0xc0, 12, 0, 1, 0, 1])]);
  expect(parseRequest(message).kind).toBe('error');
});

test.each<[string, (message: Buffer) => void, string]>([
  ['another opcode', (message) => message.writeUInt8(0x20, 2), 'NOTIMP'],
  ['two questions', (message) => message.writeUInt16BE(2, 4), 'FORMERR'],
  ['class CHAOS', (message) => message.writeUInt16BE(3, message.length - 2), 'REFUSED'],
])('%s is refused by its code', (_, change, rcode) => {
  const message = question('example.org');
  change(message);
  const parsed = parseRequest(message);
  if (parsed.kind !== 'error') throw new Error(parsed.kind);
  expect(packet.decode(parsed.reply)).toMatchObject({ id: 4711, type: 'response', rcode });
});

test('the question comes back as it was asked, capitals and unknown types too', () => {
  for (const type of ['A', 'UNKNOWN_65'] as packet.RecordType[]) {
    const request = parse(question('KuBernetes.default.svc.cluster.local', type));
    const reply = packet.decode(
      encodeReply(
        request,
        'NOERROR',
        { rcode: 'NOERROR', answers: [], additionals: [], soa: 'cluster.local' },
        { udp: true },
      ),
    );
    expect(reply.questions).toEqual([{ name: 'KuBernetes.default.svc.cluster.local', type, class: 'IN' }]);
    expect(reply.authorities?.map(({ type: of }) => of)).toEqual(['SOA']);
    expect(reply).toMatchObject({ flag_aa: true, flag_ra: true, flag_rd: true });
  }
});

test('an answer too long for the client’s UDP is cut, over TCP it is whole', () => {
  const answers = Array.from({ length: 60 }, (_, n) => ({
    name: 'headless.default.svc.cluster.local',
    record: { type: 'A' as const, address: `10.213.7.${n + 2}` },
  }));
  const local = { rcode: 'NOERROR' as const, answers, additionals: [] };
  for (const [edns, limit] of [
    [undefined, 512],
    [4096, 1232],
    [100, 512],
  ] as const) {
    const request = parse(question('headless.default.svc.cluster.local', 'A', edns));
    const cut = encodeReply(request, 'NOERROR', local, { udp: true });
    expect(cut.length).toBeLessThanOrEqual(limit);
    expect(packet.decode(cut)).toMatchObject({ flag_tc: true, answers: [] });
    const whole = packet.decode(encodeReply(request, 'NOERROR', local, { udp: false }));
    expect(whole.answers).toHaveLength(60);
    expect(whole.additionals).toHaveLength(edns === undefined ? 0 : 1);
  }
});
