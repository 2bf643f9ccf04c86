/** A Markdown table. */
export function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  return [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/**
 * Puts text between `<!-- name -->` and `<!-- /name -->`, each on a line of its own, in place of what is there. Throws when
 * there are no such lines.
 */
export function replaceBetween(document: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->\n`];
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`there are no lines <!-- ${name} --> and <!-- /${name} -->`);
  return `${document.slice(0, from + begin.length)}\n${text}\n\n${document.slice(to)}`;
}

/** Milliseconds as seconds, two digits. */
export function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}
