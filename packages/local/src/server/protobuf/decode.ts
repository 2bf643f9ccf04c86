import type { Message } from './message.ts';
import { messages } from './messages.ts';

/** Kubernetes puts these four bytes before a message that says its own type. */
const magic = Buffer.from('k8s\0');

/** Something in the bytes is not known here, so that the object could not be read as a whole. */
export class UnknownMessage extends Error {}

/**
 * Reads an object that was sent as `application/vnd.kubernetes.protobuf`.
 *
 * @throws UnknownMessage for a kind or a field that is not in the table, and for broken bytes.
 */
export function decodeProtobuf(body: Buffer): Record<string, unknown> {
  if (!body.subarray(0, magic.length).equals(magic))
    throw new UnknownMessage('not a Kubernetes protobuf body');
  let apiVersion = '';
  let kind = '';
  let raw: Buffer = Buffer.alloc(0);
  for (const { number, value } of entries(body.subarray(magic.length))) {
    if (number === 1 && Buffer.isBuffer(value)) {
      for (const part of entries(value)) {
        if (part.number === 1) apiVersion = String(part.value);
        if (part.number === 2) kind = String(part.value);
      }
    } else if (number === 2 && Buffer.isBuffer(value)) raw = value;
  }
  const message = messages[`${apiVersion}/${kind}`];
  if (!message) throw new UnknownMessage(`${apiVersion} ${kind}`);
  return { apiVersion, kind, ...decodeMessage(message, raw, kind) };
}

function decodeMessage(message: Message, bytes: Buffer, path: string): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const { number, value } of entries(bytes)) {
    const field = message[number];
    if (!field) {
      // Empty messages are written although they say nothing.
      if (Buffer.isBuffer(value) && value.length === 0) continue;
      throw new UnknownMessage(`${path}: field ${number}`);
    }
    const [name, type] = field;
    const at = `${path}.${name}`;
    if (type.startsWith('map:')) {
      const map = (result[name] ?? {}) as Record<string, unknown>;
      const [key, member] = mapEntry(value, type.slice(4), at);
      Object.defineProperty(map, key, {
        value: member,
        enumerable: true,
        writable: true,
        configurable: true,
      });
      result[name] = map;
    } else if (type.endsWith('[]')) {
      const list = (result[name] ?? []) as unknown[];
      list.push(decodeValue(type.slice(0, -2), value, at));
      result[name] = list;
    } else {
      const decoded = decodeValue(type, value, at);
      if (name === '') {
        Object.assign(result, decoded);
        continue;
      }
      // Go writes the zero value of every plain field; JSON leaves it out.
      if (decoded !== '' && decoded !== undefined) result[name] = decoded;
    }
  }
  return result;
}

function mapEntry(value: Buffer | number, type: string, path: string): [string, unknown] {
  let key = '';
  let member: unknown = '';
  for (const part of entries(asBytes(value, path))) {
    if (part.number === 1) key = asBytes(part.value, path).toString('utf8');
    if (part.number === 2) member = decodeValue(type, part.value, path);
  }
  return [key, member];
}

function decodeValue(type: string, value: Buffer | number, path: string): unknown {
  switch (type) {
    case 'string':
      return asBytes(value, path).toString('utf8');
    case 'bytes':
      return asBytes(value, path).toString('base64');
    case 'bool':
      return value === 1;
    case 'flag':
      return value === 1 || undefined;
    case 'int':
      return Number(value);
    case 'count':
      return Number(value) || undefined;
    case 'Quantity':
      return decodeQuantity(asBytes(value, path));
    case 'Time':
      return decodeTime(asBytes(value, path));
    case 'IntOrString':
      return decodeIntOrString(asBytes(value, path));
    default: {
      const message = messages[type];
      if (!message) throw new UnknownMessage(path);
      return decodeMessage(message, asBytes(value, path), path);
    }
  }
}

function decodeTime(bytes: Buffer): string | undefined {
  const seconds = entries(bytes).find((part) => part.number === 1)?.value;
  if (typeof seconds !== 'number' || seconds <= 0) return undefined;
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function decodeQuantity(bytes: Buffer): string {
  const text = entries(bytes).find((part) => part.number === 1)?.value;
  return Buffer.isBuffer(text) ? text.toString('utf8') : '0';
}

function decodeIntOrString(bytes: Buffer): number | string {
  const parts = new Map(entries(bytes).map((part) => [part.number, part.value]));
  return parts.get(1) === 1 ? String(parts.get(3) ?? '') : Number(parts.get(2) ?? 0);
}

function asBytes(value: Buffer | number, path: string): Buffer {
  if (Buffer.isBuffer(value)) return value;
  throw new UnknownMessage(`${path}: wrong wire type`);
}

interface Entry {
  number: number;
  value: Buffer | number;
}

/** The fields of one message as they stand on the wire. */
function entries(bytes: Buffer): Entry[] {
  const found: Entry[] = [];
  let position = 0;
  const varint = (): number => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[position++];
      if (byte === undefined) throw new UnknownMessage('truncated');
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, result));
    }
    throw new UnknownMessage('a number of more than ten bytes');
  };
  while (position < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) found.push({ number, value: varint() });
    else if (wire === 2) {
      const length = varint();
      if (length < 0 || position + length > bytes.length) throw new UnknownMessage('truncated');
      found.push({ number, value: bytes.subarray(position, position + length) });
      position += length;
    } else throw new UnknownMessage(`wire type ${wire}`);
  }
  return found;
}
