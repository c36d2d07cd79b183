import type { ApiProblem } from "./schema.js";

/** The server refused a request and said why. */
export class LatentDbError extends Error {
  /** The stable code, such as `memory_not_found`; docs/errors.md explains each. `unknown` when the answer was no problem document. */
  readonly code: string;
  readonly status: number;
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;
  /** When the server thinks that another try makes sense. */
  readonly retryAfterSeconds: number | undefined;
  readonly problem: Partial<ApiProblem>;

  constructor(problem: Partial<ApiProblem>, status: number, retryAfterSeconds?: number) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
    this.name = "LatentDbError";
    this.code = problem.code ?? "unknown";
    this.status = status;
    this.requestId = problem.request_id;
    this.retryAfterSeconds = retryAfterSeconds;
    this.problem = problem;
  }
}

/** Nobody answers at the server's address, or the connection broke. */
export class ConnectionError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "ConnectionError";
  }
}
