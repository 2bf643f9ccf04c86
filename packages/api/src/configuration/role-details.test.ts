import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { parseRoleDetails } from './role-details.ts';

test.each([
  '!hunter2 x',
  'hunter2: [',
  'user_flags: hunter2',
  'inrole: {hunter2: 1}',
  '- hunter2',
  '{a: &x 1, b: *y}',
])('%j is refused or ignored, and in no message and no warning', (text) => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    expect(said(text)).not.toContain('hunter2');
    expect(warned).not.toHaveBeenCalled();
  } finally {
    warned.mockRestore();
  }
});

function said(text: string): string {
  try {
    return JSON.stringify(parseRoleDetails(text));
  } catch (error) {
    return String(error);
  }
}

test('any text is either details or an error that says what is expected', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        const { flags, memberOf, settings } = parseRoleDetails(text);
        return Array.isArray(flags) && Array.isArray(memberOf) && typeof settings === 'object';
      } catch (error) {
        return error instanceof Error && error.message.startsWith('expected ');
      }
    }),
  );
});
