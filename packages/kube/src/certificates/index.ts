/** X.509 certificates of authorities of one's own. Import it only when something must be issued: it loads slowly. */
export { issueAuthority, issueLeaf, type KeyPair, type LeafRequest } from './issue.ts';
