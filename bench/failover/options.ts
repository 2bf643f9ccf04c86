/** The chosen ones of those that there are. Throws for any other. */
export function chosen(option: string, text: string, known: readonly string[]): string[] {
  const names = text.split(',');
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${option} ${unknown}: there are ${known.join(', ')}`);
  return names;
}

/** Numbers from 0, separated by commas. */
export function numbers(option: string, text: string): number[] {
  const all = text.split(',').map(Number);
  if (text === '' || all.some((value) => !(value >= 0)))
    throw new Error(`${option} ${text}: give numbers from 0, separated by commas`);
  return all;
}

/** A number above 0. */
export function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new Error(`${option} ${text}: give a number above 0`);
  return value;
}
