import pino, { type Logger } from 'pino';

/** A log for commands that print their own result: only warnings, on standard error. */
export const quietLog = (): Logger => pino({ level: 'warn' }, pino.destination(2));
