import { expect, test } from 'vitest';
import { readTransactions, refusedClients } from './pgbench-output.ts';

test('transactions count from when the client asked, and those without a time do not', () => {
  const log = [
    '0 1 5200 0 1700000000 100 200',
    '7 1 2500000 0 1700000002 100 1200000',
    '7 2 skipped 0 1700000003 100 900000',
    '8 1 1250000 0 1700000003 100',
    '',
  ].join('\n');
  expect(readTransactions(log)).toEqual({ count: 3, longestMs: 1300 });
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
