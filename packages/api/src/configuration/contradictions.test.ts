import { expect, test } from 'vitest';
import { contradictions } from './contradictions.ts';
import { defaultConfiguration } from './assemble.ts';

test('a migration of disks that the mode keeps from happening is told', () => {
  const told = (changes: Partial<ReturnType<typeof defaultConfiguration>>) =>
    contradictions({ ...defaultConfiguration(), ...changes }).map(
      ({ severity, field }) => `${severity} ${field}`,
    );
  expect(told({ enable_ebs_gp3_migration: true })).toEqual(['warning enable_ebs_gp3_migration']);
  expect(told({ enable_ebs_gp3_migration: true, storage_resize_mode: 'mixed' })).toEqual([]);
  expect(told({})).toEqual([]);
});
