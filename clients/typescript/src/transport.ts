import { ConnectionError, LatentDbError } from "./errors.js";
import type { ApiProblem } from "./schema.js";

/** How to reach a server. */
export interface LatentDbOptions {
  /** The server's address, such as `https://db.example`. */
  readonly server: string;
  /** Sent as `Authorization: Bearer`; a server without keys on loopback takes none. */
  readonly apiKey?: string;
  /** The tenant that an operator's key acts for. */
  readonly tenant?: string;
  /** Tries of one request in all; 4 by default, 1 = never again. */
  readonly maxAttempts?: number;
  /** The longest wait between two tries, in milliseconds; 10,000 by default. A server that asks for more gets no further try. */
  readonly maxRetryDelayMs?: number;
  /** In place of the global `fetch`, for tests and for proxies. */
  readonly fetch?: typeof fetch;
}

/** Conditions of a call. */
export interface CallOptions {
  /** Ends the wait. */
  readonly signal?: AbortSignal;
}

/** Conditions of a write. */
export interface WriteOptions extends CallOptions {
  /** A second write under the same key changes nothing and gets the first answer. Made per call when absent. */
  readonly idempotencyKey?: string;
  /** Refuse (412, `precondition_failed`) unless this is the newest version. */
  readonly ifVersion?: number;
}

/** One request. */
export interface ApiCall {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
  /** A write gets an idempotency key, so that it may be sent twice. */
  readonly write?: WriteOptions;
  /** False for what must not be sent twice and cannot carry a key. */
  readonly repeatable?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const firstRetryDelayMs = 250;
const passing = new Set([429, 502, 503, 504]);

/** Sends requests, tries again where that does no harm, and turns refusals into `LatentDbError`. */
export class Transport {
  readonly #server: string;
  readonly #headers: Record<string, string>;
  readonly #maxAttempts: number;
  readonly #maxRetryDelayMs: number;
  readonly #fetch: typeof fetch;

  constructor(options: LatentDbOptions) {
    this.#server = options.server.replace(/\/+$/, "");
    this.#headers = {};
    if (options.apiKey !== undefined) this.#headers["Authorization"] = `Bearer ${options.apiKey}`;
    if (options.tenant !== undefined) this.#headers["X-Tenant-Id"] = options.tenant;
    this.#maxAttempts = options.maxAttempts ?? 4;
    this.#maxRetryDelayMs = options.maxRetryDelayMs ?? 10_000;
    this.#fetch = options.fetch ?? fetch;
  }

  /** Sends and reads a JSON answer; `undefined` when it has no body. */
  async json<T>(call: ApiCall): Promise<T> {
    const response = await this.send(call);
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** Sends and returns the answer with its body unread. */
  async send(call: ApiCall): Promise<Response> {
    const request = this.#request(call);
    const repeatable = call.repeatable ?? true;
    for (let attempt = 1; ; attempt++) {
      let delayMs: number | undefined;
      try {
        // A function of its own: as a method, fetch would be called on this object.
        const send = this.#fetch;
        const response = await send(`${this.#server}/${call.path}`, request);
        if (response.ok) return response;
        const retryAfterSeconds = retryAfter(response);
        if (repeatable && passing.has(response.status)) delayMs = this.#delay(attempt, retryAfterSeconds);
        if (delayMs === undefined) throw await problemOf(response, retryAfterSeconds);
        await response.body?.cancel();
      } catch (error) {
        if (error instanceof LatentDbError || call.signal?.aborted) throw error;
        // fetch tells a broken connection and one never made apart in no portable way, so only what may be repeated is.
        if (repeatable) delayMs = this.#delay(attempt, undefined);
        if (delayMs === undefined) throw new ConnectionError(`The server at ${this.#server} cannot be reached.`, error);
      }
      await pause(delayMs, call.signal);
    }
  }

  #request(call: ApiCall): RequestInit {
    const headers: Record<string, string> = { ...this.#headers, ...call.headers };
    if (call.write) headers["Idempotency-Key"] = call.write.idempotencyKey ?? crypto.randomUUID();
    if (call.write?.ifVersion !== undefined) headers["If-Match"] = `"v${call.write.ifVersion}"`;
    const signal = call.signal ?? call.write?.signal;
    const request: RequestInit = { method: call.method, headers };
    if (signal) request.signal = signal;
    if (call.json !== undefined) {
      headers["Content-Type"] = "application/json";
      request.body = JSON.stringify(call.json);
    }
    return request;
  }

  /** Never before the time that the server has named, and spread at random so that clients refused together do not come back together. */
  #delay(attempt: number, retryAfterSeconds: number | undefined): number | undefined {
    if (attempt >= this.#maxAttempts) return undefined;
    const doubled = Math.min(firstRetryDelayMs * 2 ** (attempt - 1), this.#maxRetryDelayMs);
    if (retryAfterSeconds === undefined) return (doubled * (1 + Math.random())) / 2;
    const named = retryAfterSeconds * 1000;
    return named <= this.#maxRetryDelayMs ? named + doubled * Math.random() : undefined;
  }
}

/** `?name=value&…` of what is set. */
export function query(parameters: Record<string, string | number | undefined>): string {
  const set = Object.entries(parameters).filter((entry): entry is [string, string | number] => entry[1] !== undefined);
  return set.length === 0 ? "" : `?${set.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}`;
}

function retryAfter(response: Response): number | undefined {
  const text = response.headers.get("Retry-After");
  if (text === null) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - Date.now()) / 1000);
}

async function problemOf(response: Response, retryAfterSeconds: number | undefined): Promise<LatentDbError> {
  const text = await response.text();
  let problem: Partial<ApiProblem> = { detail: text.slice(0, 300) };
  if (response.headers.get("Content-Type")?.includes("problem+json")) {
    try {
      problem = JSON.parse(text) as ApiProblem;
    } catch {
      // Something between us and the server cut the answer; the caller gets its text.
    }
  }
  return new LatentDbError(problem, response.status, retryAfterSeconds);
}

/** Waits, until the signal ends it. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", end);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", end, { once: true });
  });
}
