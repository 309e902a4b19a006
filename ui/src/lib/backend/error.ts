// What every call of the backend rejects with.

import type { ErrorCode, WireError } from './bindings';

/** An error with what the screen may act on, and a text that says what, where and what to do. */
export class BackendError extends Error {
  override name = 'BackendError';
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

const isWireError = (cause: unknown): cause is WireError =>
  typeof cause === 'object' && cause !== null && 'code' in cause && 'message' in cause;

/** Brings whatever was thrown into the one form that screens handle. */
export function backendError(cause: unknown): BackendError {
  if (cause instanceof BackendError) return cause;
  if (isWireError(cause)) return new BackendError(cause.code, cause.message);
  if (cause instanceof Error) return new BackendError('other', cause.message);
  return new BackendError('other', String(cause));
}
