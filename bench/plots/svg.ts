/** Attributes of an element; numbers are written with two digits at most. */
export type Attributes = Record<string, string | number>;

/** An SVG element as text; `content` is text or elements that are escaped already. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escape(value)}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

/** A line of text. */
export function label(text: string, x: number, y: number, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escape(text));
}

/** A whole picture on white: it is looked at on dark pages too. */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  const frame = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'font-family': 'system-ui, sans-serif',
    'font-size': 11,
    fill: '#24292f',
  };
  const background = element('rect', { width, height, fill: '#ffffff' });
  const content = [element('title', {}, escape(title)), background, ...parts];
  return `${element('svg', frame, `\n${content.join('\n')}\n`)}\n`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}
