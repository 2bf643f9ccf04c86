/** Milliseconds of a clock that only goes forward, common to all clients of a run. */
export const now = (): number => performance.now();

export const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
