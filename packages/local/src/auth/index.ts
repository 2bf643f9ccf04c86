export * from './auth.ts';
export * from './authenticator.ts';
export * from './authorizer.ts';
export * from './bootstrap-policy.ts';
export * from './kubeconfig.ts';
export * from './pki.ts';
export * from './token-issuer.ts';
export { covers, missingRules, ruleAllows } from './rbac-rules.ts';
