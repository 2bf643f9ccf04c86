/** What was asked of a node cannot be done; `code` is that of HTTP. */
export class NodeError extends Error {
  readonly code: number;
  constructor(code: 400 | 404 | 409, message: string) {
    super(message);
    this.name = 'NodeError';
    this.code = code;
  }
}
