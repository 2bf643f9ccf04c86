import * as packet from 'dns-packet';
import type { LocalAnswer, NamedRecord, Question } from './answer.ts';

/** Seconds that clients may keep an answer. Short, because a pod's address changes with the pod. */
const ttl = 5;
/** What is said without fragments on every network; answers over UDP are never longer. */
const maxUdpPayload = 1_232;
/** Longest UDP answer to a client that does not say what it takes (RFC 1035). */
const plainUdpPayload = 512;
const headerLength = 12;

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
export type Rcode = keyof typeof rcodes;

/** A request that can be answered. */
export interface Request {
  id: number;
  recursionDesired: boolean;
  question: Question;
  /** The client speaks EDNS (RFC 6891). */
  edns: boolean;
  /** Bytes that the client takes over UDP. */
  udpPayload: number;
}

/** What a message turned out to be. */
export type Parsed =
  | { kind: 'request'; request: Request }
  /** Answer with just this code. */
  | { kind: 'error'; reply: Buffer }
  /** Not a question at all (too short, or itself an answer): say nothing, or two servers could talk for ever. */
  | { kind: 'ignore' };

/** Reads a message from a client. Never throws. */
export function parseRequest(message: Buffer): Parsed {
  if (message.length < headerLength || (message[2]! & 0x80) !== 0) return { kind: 'ignore' };
  const opcode = (message[2]! >> 3) & 15;
  if (opcode !== 0) return { kind: 'error', reply: errorReply(message, 'NOTIMP') };
  // No client asks with answers or with more than a handful of extra records.
  if (message.readUInt16BE(4) !== 1 || message.readUInt16BE(6) !== 0 || message.readUInt16BE(10) > 8) {
    return { kind: 'error', reply: errorReply(message, 'FORMERR') };
  }
  let decoded: packet.DecodedPacket;
  try {
    decoded = packet.decode(message);
  } catch {
    return { kind: 'error', reply: errorReply(message, 'FORMERR') };
  }
  const [question] = decoded.questions ?? [];
  // Bytes that are no text, or a dot in a label, would be encoded differently than they came.
  if (question === undefined || !/^[\x21-\x7e]{1,253}$/.test(question.name) || !isPlainName(message)) {
    return { kind: 'error', reply: errorReply(message, 'FORMERR') };
  }
  if (question.class !== 'IN') return { kind: 'error', reply: errorReply(message, 'REFUSED') };
  const opt = (decoded.additionals ?? []).find((record) => record.type === 'OPT');
  return {
    kind: 'request',
    request: {
      id: decoded.id ?? 0,
      recursionDesired: ((decoded.flags ?? 0) & packet.RECURSION_DESIRED) !== 0,
      question: { name: question.name, type: question.type },
      edns: opt !== undefined,
      udpPayload:
        opt === undefined
          ? plainUdpPayload
          : Math.min(Math.max(opt.udpPayloadSize, plainUdpPayload), maxUdpPayload),
    },
  };
}

/** Whether the first question's name is written as labels without dots, and points nowhere: only the header is before it. */
function isPlainName(message: Buffer): boolean {
  let at = headerLength;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    if (length > 63 || message.subarray(at + 1, at + 1 + length).includes('.')) return false;
    at += 1 + length;
  }
  return true;
}

/** An answer with a code and nothing else, made from the request's first bytes. */
export function errorReply(message: Buffer, rcode: Rcode): Buffer {
  const reply = Buffer.alloc(headerLength);
  message.copy(reply, 0, 0, 2);
  // Answer, same opcode, recursion desired as asked; recursion available.
  reply[2] = 0x80 | (message[2]! & 0x79);
  reply[3] = 0x80 | rcodes[rcode];
  return reply;
}

/** Encodes an answer; over UDP one that is too long is cut to nothing and marked, so the client asks over TCP. */
export function encodeReply(
  request: Request,
  rcode: Rcode,
  local: LocalAnswer | undefined,
  options: { udp: boolean; more?: readonly packet.Answer[] },
): Buffer {
  const flags =
    (request.recursionDesired ? packet.RECURSION_DESIRED : 0) |
    packet.RECURSION_AVAILABLE |
    (local === undefined ? 0 : packet.AUTHORITATIVE_ANSWER) |
    rcodes[rcode];
  const edns: packet.Answer[] = request.edns
    ? [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: maxUdpPayload,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ]
    : [];
  const questions = [
    { name: request.question.name, type: request.question.type as packet.RecordType, class: 'IN' as const },
  ];
  const common = { type: 'response' as const, id: request.id, questions };
  const reply = packet.encode({
    ...common,
    flags,
    // The first owner is the question's name, given back with the client's own capitals.
    answers: [
      ...(local?.answers ?? []).map((named, n) =>
        toWire(
          n === 0 || named.name === request.question.name.toLowerCase()
            ? { ...named, name: request.question.name }
            : named,
        ),
      ),
      ...(options.more ?? []),
    ],
    authorities: local?.soa === undefined ? [] : [soa(local.soa)],
    additionals: [...(local?.additionals ?? []).map(toWire), ...edns],
  });
  if (!options.udp || reply.length <= request.udpPayload) return reply;
  return packet.encode({ ...common, flags: flags | packet.TRUNCATED_RESPONSE, additionals: edns });
}

function toWire({ name, record }: NamedRecord): packet.Answer {
  const common = { name, ttl, class: 'IN' as const };
  switch (record.type) {
    case 'A':
      return { ...common, type: 'A', data: record.address };
    case 'SRV':
      return {
        ...common,
        type: 'SRV',
        data: { priority: 0, weight: 100, port: record.port, target: record.target },
      };
    case 'TXT':
      return { ...common, type: 'TXT', data: record.text };
    default:
      return { ...common, type: record.type, data: record.target };
  }
}

function soa(domain: string): packet.Answer {
  return {
    type: 'SOA',
    name: domain,
    ttl,
    class: 'IN',
    // Secondaries do not exist; only the last number counts: how long a missing name may be remembered.
    data: {
      mname: 'ns.dns.cluster.local',
      rname: `hostmaster.${domain}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttl,
    },
  };
}

/** The records of an upstream server's answer that belong under an alias; empty when it cannot be read. */
export function upstreamAnswers(message: Buffer): { rcode: Rcode; answers: packet.Answer[] } {
  try {
    const decoded = packet.decode(message);
    const code = (decoded.flags ?? 0) & 15;
    const rcode = (Object.keys(rcodes) as Rcode[]).find((name) => rcodes[name] === code) ?? 'SERVFAIL';
    return { rcode, answers: decoded.answers ?? [] };
  } catch {
    return { rcode: 'SERVFAIL', answers: [] };
  }
}

/** Whether an answer says that it was cut to fit into a UDP packet. */
export function isTruncated(message: Buffer): boolean {
  return (message[2]! & 2) !== 0;
}

/** A question for an upstream server. */
export function encodeQuestion(question: Question): Buffer {
  return packet.encode({
    type: 'query',
    id: 0,
    flags: packet.RECURSION_DESIRED,
    questions: [{ name: question.name, type: question.type as packet.RecordType, class: 'IN' }],
  });
}
