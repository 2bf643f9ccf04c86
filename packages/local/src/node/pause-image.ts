import { EngineError } from '../engine/engine.ts';
import type { Engine } from '../engine/engine.ts';

/** The image of a pod's sandbox container. The tag changes whenever its content does. */
export const PAUSE_IMAGE = 'localhost/pgherd/pause:1';

/**
 * Machine code that calls `pause(2)` for ever. The sandbox's only process: it holds the pod's network and IPC
 * namespaces. It reaps nothing, since every container has a process namespace of its own, and it is stopped by
 * SIGKILL (as the first process of its namespace it would ignore SIGTERM).
 */
const PROGRAMS: Partial<Record<NodeJS.Architecture, { machine: number; code: readonly number[] }>> = {
  // mov eax, 34 (pause); syscall; jmp to the start
  x64: { machine: 62, code: [0xb8, 0x22, 0x00, 0x00, 0x00, 0x0f, 0x05, 0xeb, 0xf7] },
  // x0..x4 = 0; mov x8, 73 (ppoll, which waits for ever without descriptors); svc 0; b to the start
  arm64: {
    machine: 183,
    code: [
      0x00, 0x00, 0x80, 0xd2, 0x01, 0x00, 0x80, 0xd2, 0x02, 0x00, 0x80, 0xd2, 0x03, 0x00, 0x80, 0xd2, 0x04,
      0x00, 0x80, 0xd2, 0x28, 0x09, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4, 0xf9, 0xff, 0xff, 0x17,
    ],
  },
};

const ELF_HEADER = 64;
const PROGRAM_HEADER = 56;
const LOAD_ADDRESS = 0x400000n;

/**
 * Makes the pause image if it is not there. It is made here, byte by byte, because nothing may be needed from an
 * image registry, a compiler or a package.
 */
export async function ensurePauseImage(engine: Engine): Promise<void> {
  try {
    await engine.request('GET', `/images/${PAUSE_IMAGE}/json`);
    return;
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 404) throw error;
  }
  const program = pauseProgram();
  const change = encodeURIComponent('ENTRYPOINT ["/pause"]');
  const answer = await engine.request<unknown>(
    'POST',
    `/images/create?fromSrc=-&changes=${change}`,
    tarOf('pause', program),
  );
  const id = /[0-9a-f]{64}/.exec(JSON.stringify(answer))?.[0];
  if (id === undefined) {
    throw new Error(`the container engine did not import the pause image: ${JSON.stringify(answer)}`);
  }
  const [repository, tag] = PAUSE_IMAGE.split(':');
  await engine.request('POST', `/images/${id}/tag?repo=${repository}&tag=${tag}`);
}

/** A static ELF executable for this machine. */
export function pauseProgram(architecture: NodeJS.Architecture = process.arch): Buffer {
  const program = PROGRAMS[architecture];
  if (program === undefined) throw new Error(`no sandbox program for the architecture ${architecture}`);
  const size = ELF_HEADER + PROGRAM_HEADER + program.code.length;
  const elf = Buffer.alloc(size);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // magic, 64 bit, little endian, version
  elf.writeUInt16LE(2, 16); // executable
  elf.writeUInt16LE(program.machine, 18);
  elf.writeUInt32LE(1, 20);
  elf.writeBigUInt64LE(LOAD_ADDRESS + BigInt(ELF_HEADER + PROGRAM_HEADER), 24); // entry
  elf.writeBigUInt64LE(BigInt(ELF_HEADER), 32); // program header's offset
  elf.writeUInt16LE(ELF_HEADER, 52);
  elf.writeUInt16LE(PROGRAM_HEADER, 54);
  elf.writeUInt16LE(1, 56); // one program header
  elf.writeUInt32LE(1, 64); // load
  elf.writeUInt32LE(5, 68); // read, execute
  elf.writeBigUInt64LE(LOAD_ADDRESS, 80);
  elf.writeBigUInt64LE(LOAD_ADDRESS, 88);
  elf.writeBigUInt64LE(BigInt(size), 96);
  elf.writeBigUInt64LE(BigInt(size), 104);
  elf.writeBigUInt64LE(0x1000n, 112); // alignment
  elf.set(program.code, ELF_HEADER + PROGRAM_HEADER);
  return elf;
}

/** A tar archive (ustar) with one executable file. */
function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0') + '\0';
  header.write(name, 0);
  header.write(octal(0o755, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(content.length, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(octal(sum, 6) + ' ', 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}
