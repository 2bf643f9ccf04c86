const mebibyte = 1024 * 1024;

/** One segment of the write-ahead log; less than that is no lag worth writing down. */
const negligible = 16 * mebibyte;

/**
 * The lag for the status, in bytes: 0 below 16 MiB, whole MiB beyond. It stays what it was while the real one is
 * neither twice nor half of it, so that a replica that keeps its distance causes no write. Undefined when neither is
 * known.
 */
export function reportedLag(previous: number | undefined, measured: number | undefined): number | undefined {
  if (measured === undefined) return previous;
  if (previous === undefined || previous === 0) return measured < negligible ? 0 : whole(measured);
  if (measured < negligible / 2) return 0;
  return measured >= previous * 2 || measured <= previous / 2 ? whole(measured) : previous;
}

function whole(bytes: number): number {
  return Math.max(negligible, Math.round(bytes / mebibyte) * mebibyte);
}
