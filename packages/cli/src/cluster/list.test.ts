import type { Condition } from '@pgherd/api';
import { expect, test } from 'vitest';
import { statusOf } from './list.ts';

const condition = (type: string, status: Condition['status']): Condition => ({
  type,
  status,
  reason: 'Test',
  message: '',
  lastTransitionTime: '2030-01-01T00:00:00Z',
});

test('what waits for its time stands beside the word, so that nobody takes the change for made', () => {
  const status = (...conditions: Condition[]) => statusOf({ PostgresClusterStatus: 'Running', conditions });
  expect(status(condition('Postponed', 'True'))).toBe('Running, changes postponed');
  expect(status(condition('Paused', 'True'), condition('Postponed', 'True'))).toBe(
    'Running, paused, changes postponed',
  );
  expect(status(condition('Postponed', 'False'), condition('Paused', 'False'))).toBe('Running');
});
