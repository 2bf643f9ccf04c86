export { type ConnectOptions, type Connection, connect } from './connection.ts';
export * from './declared.ts';
export { PostgresError } from './error.ts';
export * from './execute.ts';
export * from './observe.ts';
export * from './password-checker.ts';
export * from './plan.ts';
export { isVerifier, passwordMatches, scramVerifier } from './scram.ts';
export { identifier, literal, nameProblem } from './sql.ts';
