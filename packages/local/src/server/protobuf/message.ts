/** A field of a message: its name in JSON (`''`: its own fields stand in the object itself), and its type. */
export type Field = readonly [name: string, type: string];

/** Fields by number. */
export type Message = Readonly<Record<number, Field>>;

/**
 * Reads `number=name=type …`. A type is a scalar (`string`, which is left out, `int`, `bool`, `bytes`; `count` and `flag`
 * are those whose zero says nothing), `Time`, `Quantity`, `IntOrString`, or the name of a message; it has `[]` for lists or
 * `map:` before the type of a map's values.
 */
export const fields = (names: string): Message =>
  Object.fromEntries(
    names.split(' ').map((entry) => {
      const [number = '', name = '', type = 'string'] = entry.split('=');
      return [Number(number), [name, type] as const];
    }),
  );
