/**
 * Whether an image of PostgreSQL is pgherd's own, by its name: wherever it is kept, and whatever its tag. It can do less
 * than Spilo, whose place others take.
 */
export function isOwnImage(image: string): boolean {
  return /(^|\/)pgherd\/postgres([:@]|$)/.test(image);
}
