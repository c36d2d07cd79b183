import { MemoryHandle } from "./memory.js";
import type { CreateMemoryBody, GetMeAnswer, GetUsageAnswer, HealthRoutesReadiness, KeyBody, KeyPageBody, KeyVerbsTenantKeyBody, MemoryBody, MemoryPageBody } from "./schema.js";
import { type CallOptions, type LatentDbOptions, query, Transport, type WriteOptions } from "./transport.js";

/** Which part of a listing. */
export interface PageOptions extends CallOptions {
  /** 1 to 200. */
  readonly limit?: number;
  /** `next_cursor` of the page before. */
  readonly cursor?: string;
}

/** A LatentDB server. */
export class LatentDb {
  readonly #transport: Transport;

  constructor(options: LatentDbOptions) {
    this.#transport = new Transport(options);
  }

  /** A handle to one memory; asks nothing of the server. */
  memory(id: string): MemoryHandle {
    return new MemoryHandle(id, this.#transport);
  }

  createMemory(request: CreateMemoryBody = {}, options: WriteOptions = {}): Promise<MemoryBody> {
    return this.#transport.json({ method: "POST", path: "v1/memories", json: request, write: options, signal: options.signal });
  }

  /** One page of memories in order of id. */
  listMemories(options: PageOptions = {}): Promise<MemoryPageBody> {
    return this.#transport.json({ method: "GET", path: `v1/memories${query({ limit: options.limit, cursor: options.cursor })}`, signal: options.signal });
  }

  /** All memories in order of id, page by page. */
  async *memories(options: CallOptions = {}): AsyncGenerator<MemoryBody> {
    let cursor: string | undefined;
    do {
      const page: MemoryPageBody = await this.listMemories({ ...options, ...(cursor === undefined ? {} : { cursor }) });
      yield* page.items;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
  }

  /** Who the caller is: tenant, role, key. */
  me(options: CallOptions = {}): Promise<GetMeAnswer> {
    return this.#transport.json({ method: "GET", path: "v1/me", signal: options.signal });
  }

  /** What the tenant uses, and what is left of its limits. */
  usage(options: CallOptions = {}): Promise<GetUsageAnswer> {
    return this.#transport.json({ method: "GET", path: "v1/usage", signal: options.signal });
  }

  /** Makes a key of the tenant. It is in this answer and never again. Not tried again after a broken connection, which may have made a key nobody knows. */
  createKey(request: KeyVerbsTenantKeyBody, options: CallOptions = {}): Promise<KeyBody> {
    return this.#transport.json({ method: "POST", path: "v1/keys", json: request, repeatable: false, signal: options.signal });
  }

  /** One page of the tenant's keys, without their secrets. */
  listKeys(options: PageOptions = {}): Promise<KeyPageBody> {
    return this.#transport.json({ method: "GET", path: `v1/keys${query({ limit: options.limit, cursor: options.cursor })}`, signal: options.signal });
  }

  getKey(keyId: string, options: CallOptions = {}): Promise<KeyBody> {
    return this.#transport.json({ method: "GET", path: `v1/keys/${encodeURIComponent(keyId)}`, signal: options.signal });
  }

  /** Makes a successor of a key; the old one ends after the grace. Not tried again after a broken connection. */
  rotateKey(keyId: string, graceSeconds = 0, options: CallOptions = {}): Promise<KeyBody> {
    const path = `v1/keys/${encodeURIComponent(keyId)}/rotate`;
    return this.#transport.json({ method: "POST", path, json: { grace_seconds: graceSeconds }, repeatable: false, signal: options.signal });
  }

  /** From the answer on the key opens nothing. */
  revokeKey(keyId: string, options: CallOptions = {}): Promise<void> {
    return this.#transport.json({ method: "DELETE", path: `v1/keys/${encodeURIComponent(keyId)}`, signal: options.signal });
  }

  /** True when the server can serve: its store is open and its model is loaded. */
  async isReady(options: CallOptions = {}): Promise<boolean> {
    try {
      const answer = await this.#transport.json<HealthRoutesReadiness>({ method: "GET", path: "readyz", repeatable: false, signal: options.signal });
      return answer.status === "ok";
    } catch {
      return false;
    }
  }
}
