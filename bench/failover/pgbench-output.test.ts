import { expect, test } from 'vitest';
import { readTransactions, refusedClients } from './pgbench-output.ts';

const log = [
  '0 1 9000000 0 1700000000 100 200',
  '7 1 2500000 0 1700000002 500000 1200000',
  '7 2 skipped 0 1700000003 100 900000',
  '8 1 1250000 0 1700000003 100',
  '',
].join('\n');

test('a transaction lasts from when the client asked; those without a time do not count', () => {
  expect(readTransactions(log, 0)).toEqual({
    count: 3,
    longestMs: 8999.8,
    longestEndedAt: 1_700_000_000_000.1,
  });
});

test('what ended before a moment counts, and is not the longest', () => {
  const read = readTransactions(log, 1_700_000_001_000);
  expect(read).toEqual({ count: 3, longestMs: 1300, longestEndedAt: 1_700_000_002_500 });
});

test('a client that gives up is counted once, however much it says', () => {
  const stderr = [
    'pgbench: error: client 12 script 0 aborted in command 0 query 0: ERROR:  server conn crashed?',
    'pgbench: error: client 12 aborted in command 0 (SQL) of script 0; perhaps the backend died',
    'pgbench: error: client 3 aborted in command 0 (SQL) of script 0; perhaps the backend died',
    'pgbench: error: Run was aborted; the above results are incomplete.',
  ].join('\n');
  expect(refusedClients(stderr)).toBe(2);
});
