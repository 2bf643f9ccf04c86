export * from './client.ts';
export { networkExchange, type Exchange } from './exchange.ts';
export * from './membership.ts';
export * from './role-name.ts';
export * from './teams-error.ts';
