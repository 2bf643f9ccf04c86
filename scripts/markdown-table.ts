/** Keeps a text inside one cell of a table. */
function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ');
}

/** One row of a table in Markdown. */
export function row(cells: string[]): string {
  return `| ${cells.map(cell).join(' | ')} |`;
}
