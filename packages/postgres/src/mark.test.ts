import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commentOf, markOf } from './mark.ts';

test('any name and any comment survive', () => {
  const texts = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(fc.option(texts, { nil: undefined }), texts, (formerName, rest) => {
      const mark = { ...(formerName === undefined ? {} : { formerName }), rest };
      expect(markOf(commentOf(mark))).toEqual(mark);
    }),
  );
});

test.each([
  null,
  '',
  'a person',
  'x [pgherd: person]',
  '[pgherd: person, departed: x]',
  '[pgherd: person, departed: "\\x"]',
])('%j is no mark', (comment) => expect(markOf(comment)).toBeUndefined());
