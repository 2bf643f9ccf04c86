/** One element of an answer: its name without a prefix, its text, and what is in it. */
export interface Element {
  name: string;
  text: string;
  children: Element[];
}

const token =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([^\s/>]+)[^>]*?(\/?)>|([^<]+)/y;

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads what Amazon's query APIs answer: elements and text. Attributes are passed over, because they say nothing there.
 * Throws when it is not one whole element.
 */
export function readXml(text: string): Element {
  const root: Element = { name: '', text: '', children: [] };
  const open = [root];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    const inner = open.at(-1);
    if (found === null || inner === undefined) throw new Error('it is no XML');
    const [, literal, end, name, empty, plain] = found;
    if (literal !== undefined) inner.text += literal;
    if (plain !== undefined) inner.text += unescaped(plain);
    if (name === undefined) continue;
    const local = name.slice(name.indexOf(':') + 1);
    if (end === '/') {
      if (inner.name !== local || open.length === 1) throw new Error(`</${name}> ends nothing`);
      open.pop();
    } else {
      const element: Element = { name: local, text: '', children: [] };
      inner.children.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  const [element, more] = root.children;
  if (open.length !== 1 || element === undefined || more !== undefined)
    throw new Error('it is not one element');
  return element;
}

/** Elements of this name directly in another one. */
export function childrenOf(element: Element | undefined, name: string): Element[] {
  return (element?.children ?? []).filter((child) => child.name === name);
}

/** The text at the end of a path of names; undefined when there is none. */
export function textAt(element: Element | undefined, ...path: string[]): string | undefined {
  const found = path.reduce<Element | undefined>((inner, name) => childrenOf(inner, name)[0], element);
  return found?.text.trim() || undefined;
}

function unescaped(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(String(hex), 16));
    return entities[String(name)] ?? whole;
  });
}
