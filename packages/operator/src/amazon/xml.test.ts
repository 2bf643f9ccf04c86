import { expect, test } from 'vitest';
import { childrenOf, readXml, textAt } from './xml.ts';

test('elements, empty ones, entities, comments and prefixes', () => {
  const answer = readXml(`<?xml version="1.0"?>
    <!-- a > b --><ns:Answer xmlns:ns="urn:x"><set>
      <item><id>vol-1</id><note>a &lt;b&gt; &amp;&#33;&#x21;</note></item>
      <item><id><![CDATA[<2>]]></id><empty/></item>
    </set></ns:Answer>`);
  expect(answer.name).toBe('Answer');
  const items = childrenOf(childrenOf(answer, 'set')[0], 'item');
  expect(items.map((item) => textAt(item, 'id'))).toEqual(['vol-1', '<2>']);
  expect(textAt(items[0], 'note')).toBe('a <b> &!!');
  expect(textAt(items[1], 'empty')).toBeUndefined();
  expect(textAt(answer, 'set', 'nothing', 'below')).toBeUndefined();
});

test.each(['', 'gateway timeout', '<a>', '<a></b>', '<a/><b/>', '</a>', '<a', 'a < b'])(
  '%j is refused',
  (text) => {
    expect(() => readXml(text)).toThrow(/^(it is no XML|it is not one element|<.*> ends nothing)$/);
  },
);
