import { createInterface } from 'node:readline/promises';

/** Asks on the terminal; true when the answer is exactly `expected`. Without a terminal the answer is no. */
export async function confirm(question: string, expected: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim() === expected;
  } finally {
    terminal.close();
  }
}
