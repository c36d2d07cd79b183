import { ConnectionError, LatentDbError } from "./errors.js";
import { readEvents } from "./events.js";
import type {
  ApiProblem,
  DiffBody,
  ForkMemoryBody,
  GetVersionTextAnswer,
  InjectBatchAnswer,
  InjectBatchItem,
  InjectTextAnswer,
  InjectTextBody,
  MemoryBody,
  OperationBody,
  OperationPageBody,
  QueryAnswer,
  QueryBody,
  RollBackAnswer,
  SnapshotBody,
  SnapshotListBody,
  VersionBody,
  VersionPageBody,
} from "./schema.js";
import type { PageOptions } from "./client.js";
import { type CallOptions, pause, query, type Transport, type WriteOptions } from "./transport.js";

/** RFC 7240. */
const later = { Prefer: "respond-async" };

/** A question; whether it is streamed is said by the method. */
export type QueryRequest = Omit<QueryBody, "stream">;

/** A step of a streamed answer: pieces of text, then the whole answer. */
export type QueryStep = { readonly type: "token"; readonly text: string } | { readonly type: "done"; readonly answer: QueryAnswer };

/** One memory of a server. Every method may throw `LatentDbError`, and `ConnectionError` when nobody answers. */
export class MemoryHandle {
  readonly id: string;
  readonly #path: string;
  readonly #transport: Transport;

  constructor(id: string, transport: Transport) {
    this.id = id;
    this.#path = `v1/memories/${encodeURIComponent(id)}`;
    this.#transport = transport;
  }

  /** The memory and its head. */
  get(options: CallOptions = {}): Promise<MemoryBody> {
    return this.#get("", options);
  }

  /** Writes text or a conversation into the memory; durable when the promise resolves. */
  inject(request: string | InjectTextBody, options: WriteOptions = {}): Promise<InjectTextAnswer> {
    return this.#write("POST", "/inject", typeof request === "string" ? { text: request } : request, options);
  }

  /** Writes several texts, one version each, in order, until one fails; `problem` says why the next one was not written. */
  injectBatch(items: InjectBatchItem[], options: WriteOptions = {}): Promise<InjectBatchAnswer> {
    return this.#write("POST", "/inject/batch", { items }, options);
  }

  /** Hands text over to be written later. When the promise resolves it is durable, and will be written exactly once. */
  accept(request: string | InjectTextBody, options: WriteOptions = {}): Promise<OperationBody> {
    return this.#write("POST", "/inject", typeof request === "string" ? { text: request } : request, options, later);
  }

  /** Hands several texts over to be written later, one version each, in order, until one fails. */
  acceptBatch(items: InjectBatchItem[], options: WriteOptions = {}): Promise<OperationBody> {
    return this.#write("POST", "/inject/batch", { items }, options, later);
  }

  /** One page of writes that were handed over, newest first. */
  listOperations(options: PageOptions = {}): Promise<OperationPageBody> {
    return this.#get(`/operations${query({ limit: options.limit, cursor: options.cursor })}`, options);
  }

  getOperation(operation: string, options: CallOptions = {}): Promise<OperationBody> {
    return this.#get(`/operations/${encodeURIComponent(operation)}`, options);
  }

  /** Asks until the operation has ended, however it ended: look at its status. */
  async waitForOperation(operation: string, options: CallOptions = {}): Promise<OperationBody> {
    for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 2000)) {
      const now = await this.getOperation(operation, options);
      if (now.status !== "queued" && now.status !== "running") return now;
      await pause(pauseMs, options.signal);
    }
  }

  /** Calls an operation off while it waits. */
  cancelOperation(operation: string, options: CallOptions = {}): Promise<OperationBody> {
    return this.#transport.json({ method: "DELETE", path: `${this.#path}/operations/${encodeURIComponent(operation)}`, signal: options.signal });
  }

  /** Asks the model with this memory and waits for the whole answer. A string is a message of the user. */
  query(request: string | QueryRequest, options: CallOptions = {}): Promise<QueryAnswer> {
    return this.#transport.json({ method: "POST", path: `${this.#path}/query`, json: questionOf(request), signal: options.signal });
  }

  /** Asks the model with this memory: pieces of text as they come, then one step with the whole answer. */
  async *stream(request: string | QueryRequest, options: CallOptions = {}): AsyncGenerator<QueryStep> {
    const call = { method: "POST", path: `${this.#path}/query`, json: { ...questionOf(request), stream: true }, signal: options.signal } as const;
    const response = await this.#transport.send(call);
    if (response.body === null) throw new ConnectionError("The answer has no body.");
    for await (const { event, data } of readEvents(response.body)) {
      if (event === "token") {
        yield { type: "token", text: (JSON.parse(data) as { text: string }).text };
      } else if (event === "done") {
        yield { type: "done", answer: JSON.parse(data) as QueryAnswer };
        return;
      } else if (event === "error") {
        const problem = JSON.parse(data) as ApiProblem;
        throw new LatentDbError(problem, problem.status);
      }
    }
    throw new ConnectionError("The answer broke off: the connection was closed before its last event.");
  }

  /** One page of versions, newest first. */
  listVersions(options: PageOptions = {}): Promise<VersionPageBody> {
    return this.#get(`/versions${query({ limit: options.limit, cursor: options.cursor })}`, options);
  }

  getVersion(version: number, options: CallOptions = {}): Promise<VersionBody> {
    return this.#get(`/versions/${version}`, options);
  }

  /** What a version injected, as it was sent. */
  getVersionText(version: number, options: CallOptions = {}): Promise<GetVersionTextAnswer> {
    return this.#get(`/versions/${version}/text`, options);
  }

  /** What differs between two versions; `to` is the head when absent. */
  diff(from: string | number, to?: string | number, options: CallOptions = {}): Promise<DiffBody> {
    return this.#get(`/diff${query({ from, to })}`, options);
  }

  /** Makes a new head with the content of an older version (number, RFC 3339 time or snapshot name); history is kept. */
  rollback(to: string | number, options: WriteOptions = {}): Promise<RollBackAnswer> {
    return this.#write("POST", "/rollback", { to: String(to) }, options);
  }

  /** Creates a memory that begins with a version of this one. */
  fork(request: ForkMemoryBody = {}, options: WriteOptions = {}): Promise<MemoryBody> {
    return this.#write("POST", "/fork", request, options);
  }

  /** Names a version; the head when `at` is absent. */
  createSnapshot(name: string, at?: string | number, options: WriteOptions = {}): Promise<SnapshotBody> {
    return this.#write("POST", "/snapshots", at === undefined ? { name } : { name, at: String(at) }, options);
  }

  /** All snapshots, by name. */
  async listSnapshots(options: CallOptions = {}): Promise<readonly SnapshotBody[]> {
    return (await this.#get<SnapshotListBody>("/snapshots", options)).items;
  }

  /** Takes a name away; the version stays. */
  deleteSnapshot(name: string, options: WriteOptions = {}): Promise<void> {
    return this.#write("DELETE", `/snapshots/${encodeURIComponent(name)}`, undefined, options);
  }

  /** Erases the memory with all versions for good. Forks of it stay. */
  erase(options: WriteOptions = {}): Promise<void> {
    return this.#write("DELETE", "", undefined, options);
  }

  #get<T>(path: string, options: CallOptions): Promise<T> {
    return this.#transport.json({ method: "GET", path: this.#path + path, signal: options.signal });
  }

  #write<T>(method: "POST" | "DELETE", path: string, json: unknown, options: WriteOptions, headers: Record<string, string> = {}): Promise<T> {
    return this.#transport.json({ method, path: this.#path + path, json, headers, write: options, signal: options.signal });
  }
}

function questionOf(request: string | QueryRequest): QueryBody {
  return typeof request === "string" ? { messages: [{ role: "user", content: request }] } : request;
}
