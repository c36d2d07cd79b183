// Made from the server's OpenAPI document; a test of the server compares. UPDATE_CONTRACTS=1 in its environment writes it anew.

/** An RFC 9457 problem. */
export interface ApiProblem {
  /** Stable URN of the error code; docs/errors.md explains it. */
  type: string;
  /** The same for every problem of the type. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** What is wrong here and what to do. */
  detail: string;
  /** The error code: the end of the type. */
  code: string;
  /** fix_request, retry_later, call_operator or report_bug. */
  remedy: Remedy;
  /** Names this request in the server's log. */
  request_id: string;
}

/** Rows of a long-term bank. */
export interface BankDiffBody {
  /** Rows of the bank of `from`. */
  before: number;
  /** Rows of the bank of `to`: retained + entered. */
  after: number;
  /** In both. */
  retained: number;
  /** Only in the bank of `to`. */
  entered: number;
  /** Only in the bank of `from`. */
  evicted: number;
}

export interface CreateMemoryBody {
  /** 1 to 128 of A-Z a-z 0-9 . _ : @ -; made by the server when absent. */
  id?: string | null | undefined;
  /** Any JSON object up to 16 KiB and 16 levels; returned as it is. */
  metadata?: unknown;
}

export interface CreateSnapshotBody {
  /** 1 to 128 of A-Z a-z 0-9 . _ : @ -, beginning with a letter. */
  name: string;
  /** Version number, RFC 3339 time or snapshot name; the head when absent. */
  at?: string | null | undefined;
}

/** What became of a memory from one version to another. */
export interface DiffBody {
  /** The memory. */
  id: string;
  /** The version to start from. */
  from: number;
  /** The version to arrive at; may be the older one. */
  to: number;
  /** Injects that `to` contains and `from` does not, oldest first. */
  texts_added: InjectedTextBody[];
  /** Injects that `from` contains and `to` does not, oldest first. */
  texts_removed: InjectedTextBody[];
  /** Blocks of which `to` holds rows and `from` none, in the order of writing. */
  blocks_added: string[];
  /** Blocks of which `from` holds rows and `to` none. */
  blocks_removed: string[];
  /** One entry per layer of the model. */
  layers: LayerDiffBody[];
}

/** Why generation ended. */
export type FinishReason = "stop" | "length";

export interface ForkMemoryBody {
  /** Name of the new memory; made by the server when absent. */
  id?: string | null | undefined;
  /** Version number, RFC 3339 time or snapshot name; the head when absent. */
  at?: string | null | undefined;
  /** Any JSON object up to 16 KiB and 16 levels for the new memory; that of the source is not copied. */
  metadata?: unknown;
}

/** Where a fork comes from. */
export interface ForkSourceBody {
  /** Name of the memory at that time; it may be gone or be another one now. */
  id: string;
  /** Its version. */
  version: number;
}

export interface GetMeAnswer {
  /** Whose memories the request names. */
  tenant: string;
  /** What the caller may do. */
  role: Role;
  /** The id of the key; absent without keys. */
  key_id?: string | null | undefined;
  /** The name of the key; absent where it has none. */
  name?: string | null | undefined;
  /** When the key ends; absent = never. */
  expires_at?: string | null | undefined;
  /** True: the server has no keys, and everybody who reaches it is an operator. */
  keyless: boolean;
}

export interface GetUsageAmount {
  /** In use now; absent for rates, where nothing is counted without a limit. */
  used?: number | null | undefined;
  /** What is allowed; absent = any number. */
  limit?: number | null | undefined;
  /** What may still be used; absent without a limit. */
  left?: number | null | undefined;
}

export interface GetUsageAnswer {
  /** Whose. */
  tenant: string;
  /** Memories. */
  memories: GetUsageAmount;
  /** Stored bytes. */
  bytes: GetUsageAmount;
  /** Requests of the last minute. */
  requests_per_minute: GetUsageAmount;
  /** Injects of the last minute. */
  injects_per_minute: GetUsageAmount;
  /** Tokens of the last minute. */
  tokens_per_minute: GetUsageAmount;
  /** Requests that use the model now. */
  concurrent_generations: GetUsageAmount;
}

export interface GetVersionTextAnswer {
  /** The version. */
  version: number;
  /** What was injected as text. */
  text?: string | null | undefined;
  /** What was injected as a conversation. */
  messages?: MessageBody[] | null | undefined;
}

export interface HealthRoutesReadiness {
  /** ok, or not_ready: also while the server drains before it stops. */
  status: string;
  /** ready, loading, or none during maintenance and in a silo without a model. */
  model: string;
  /** ready, closed, read_only when writes have failed, or joining while a silo of a cluster has not yet its share. */
  store: string;
}

export interface InjectBatchAnswer {
  /** The memory. */
  id: string;
  /** The head after the last item that was written. */
  version: number;
  /** Texts that were sent. */
  items: number;
  /** How many of them are written; the others were not tried, but for the first of them. */
  written: number;
  /** True when all of them were written before under this Idempotency-Key. */
  is_replay: boolean;
  /** One entry for each that is written, in order. */
  results: InjectTextAnswer[];
  problem?: null | ApiProblem | undefined;
}

export interface InjectBatchBody {
  /** 1 to 256 texts, written in this order. */
  items: InjectBatchItem[];
}

export interface InjectBatchItem {
  /** What the memory shall hold. Either this or messages. */
  text?: string | null | undefined;
  /** A conversation, laid out by the model's chat template. */
  messages?: MessageBody[] | null | undefined;
  /** What the random drops are drawn from. Drawn by the server when absent. */
  seed?: number | null | undefined;
  /** Any JSON object up to 4 KiB and 16 levels that is kept with the version. */
  metadata?: unknown;
}

export interface InjectTextAnswer {
  /** The memory. */
  id: string;
  /** The new head. */
  version: number;
  /** When it became visible, RFC 3339. */
  committed_at: string;
  /** Tokens of the text. */
  tokens: number;
  /** Tokens added because the text was shorter than a chunk may be. */
  padded_tokens: number;
  /** Pieces that the text was written in. */
  chunks: number;
  /** What the drops were drawn from. */
  seed: number;
  /** True when this Idempotency-Key was used before: nothing was written now. */
  is_replay: boolean;
  /** Milliseconds per stage. */
  timings_ms: TimingsBody;
}

export interface InjectTextBody {
  /** What the memory shall hold. Either this or messages. */
  text?: string | null | undefined;
  /** A conversation, laid out by the model's chat template. */
  messages?: MessageBody[] | null | undefined;
  /** What the random drops are drawn from; the same seed on the same head gives the same memory. Drawn by the server when absent. */
  seed?: number | null | undefined;
  /** Any JSON object up to 4 KiB and 16 levels that is kept with the version; returned as it is. */
  metadata?: unknown;
}

/** One inject. */
export interface InjectedTextBody {
  /** The version that it made. */
  version: number;
  /** RFC 3339. */
  committed_at: string;
  /** Its tokens. */
  tokens: number;
  /** What was injected as text; absent when it was not kept, or when the answer was full before it. */
  text?: string | null | undefined;
  /** What was injected as a conversation. */
  messages?: MessageBody[] | null | undefined;
}

/** A key as the API shows it: never its secret. */
export interface KeyBody {
  /** Names it; the second part of the key. */
  key_id: string;
  /** What people call it. */
  name: string;
  /** Whose memories it opens; absent for operators' keys. */
  tenant?: string | null | undefined;
  /** What it may do. */
  role: Role;
  /** active, expired or revoked. */
  status: KeyStatus;
  /** RFC 3339. */
  created_at: string;
  /** From when on it opens nothing; absent = never. */
  expires_at?: string | null | undefined;
  /** When it was taken back; absent = it was not. */
  revoked_at?: string | null | undefined;
  /** When it last opened something, to the second; absent = never. */
  last_used_at?: string | null | undefined;
  /** The key itself: in the answer that makes it, and never again. */
  key?: string | null | undefined;
}

/** A page of keys. */
export interface KeyPageBody {
  /** In order of id. */
  items: KeyBody[];
  /** Pass it as cursor for the next page; absent on the last. */
  next_cursor?: string | null | undefined;
}

/** What a key is good for now. */
export type KeyStatus = "active" | "expired" | "revoked";

export interface KeyVerbsRotateBody {
  /** How long the old key goes on beside the new one, 0 to 30 days; 0 by default. */
  grace_seconds?: number | undefined;
}

export interface KeyVerbsTenantKeyBody {
  /** reader, writer or admin. */
  role: Role;
  /** Up to 100 characters for people to tell keys apart. */
  name?: string | undefined;
  /** RFC 3339; never when absent. */
  expires_at?: string | null | undefined;
}

/** Rows of one layer: its pool and its long-term bank. */
export interface LayerDiffBody {
  layer: number;
  pool: PoolDiffBody;
  bank: BankDiffBody;
}

/** A memory as the API shows it. */
export interface MemoryBody {
  /** Its name. */
  id: string;
  /** Its head. */
  version: number;
  /** RFC 3339. */
  created_at: string;
  /** When the head was committed. */
  updated_at: string;
  /** Short fingerprint of the model that may read it. */
  model: string;
  /** Chunks written so far in the line of the head. */
  writes: number;
  /** Stored bytes of its own blocks. */
  owned_bytes: number;
  /** Stored bytes of all blocks that it names, those that a fork borrows included: what counts against the tenant's quota. */
  bytes: number;
  /** Versions that are kept. */
  versions: number;
  metadata?: null | unknown | undefined;
}

/** A page of memories. */
export interface MemoryPageBody {
  /** In order of id. */
  items: MemoryBody[];
  /** Pass it as cursor for the next page; absent on the last. */
  next_cursor?: string | null | undefined;
}

/** One turn of a conversation in a request. */
export interface MessageBody {
  /** system, user, assistant or tool. */
  role: string;
  /** Its text. */
  content: string;
}

/** A write that was accepted to be made later. */
export interface OperationBody {
  /** Its name. */
  id: string;
  /** The memory. */
  memory_id: string;
  /** inject or inject_batch. */
  kind: string;
  /** queued, running, succeeded, failed or cancelled. */
  status: OperationStatus;
  /** When it became durable, RFC 3339. */
  accepted_at: string;
  /** When it succeeded, failed or was cancelled. */
  ended_at?: string | null | undefined;
  /** Injects that it is made of. */
  items: number;
  /** For each item the version that it made; null for one that has made none (yet). */
  versions?: (number | null)[] | undefined;
  /** The place of the item that failed; those after it were not tried. */
  failed_item?: number | null | undefined;
  problem?: null | ApiProblem | undefined;
  /** The key it was accepted under. */
  idempotency_key?: string | null | undefined;
  /** Id of the API key that asked. */
  author?: string | null | undefined;
}

/** A page of operations, newest first. */
export interface OperationPageBody {
  /** The operations. */
  items: OperationBody[];
  /** Pass it as cursor for the next page; absent on the last. */
  next_cursor?: string | null | undefined;
}

/** Where an operation stands. The values are the on-disk format. */
export type OperationStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** Rows of a pool. */
export interface PoolDiffBody {
  /** Rows of the pool of `from`. */
  before: number;
  /** Rows of the pool of `to`: retained + added + revived. */
  after: number;
  /** In both. */
  retained: number;
  /** New, of blocks written in between. */
  added: number;
  /** Brought back by a rollback. */
  revived: number;
  /** No longer in the pool: dropped_to_bank + lost. */
  dropped: number;
  /** No longer in the pool, but in the bank. */
  dropped_to_bank: number;
  /** Neither in the pool nor in the bank any more. */
  lost: number;
}

/** The answer to a query; a stream ends with the same object. */
export interface QueryAnswer {
  /** What the model said. */
  text: string;
  /** The version that was read. */
  version: number;
  /** stop or length. */
  finish_reason: FinishReason;
  /** Tokens. */
  usage: UsageBody;
  /** What came from the long-term bank. */
  retrieved: RetrievedBody;
  /** Milliseconds per stage. */
  timings_ms: TimingsBody;
}

/** The body of a query. */
export interface QueryBody {
  /** Text that the model continues. Either this or messages. */
  prompt?: string | null | undefined;
  /** A conversation; the model answers its last turn. */
  messages?: MessageBody[] | null | undefined;
  /** At most this many new tokens; 64 by default. */
  max_tokens?: number | undefined;
  /** 0 (greedy, the default) to 2. */
  temperature?: number | undefined;
  /** Above 0, up to 1. */
  top_p?: number | undefined;
  /** 0 = all. */
  top_k?: number | undefined;
  /** Above 0, up to 2; 1 = off. */
  repetition_penalty?: number | undefined;
  /** What sampling draws from; 0 by default. */
  seed?: number | undefined;
  /** Up to 16 strings that end the answer. */
  stop?: string[] | null | undefined;
  /** False: the long-term bank is not read, so that the model answers from the pool alone. */
  retrieve?: boolean | undefined;
  /** Version number, RFC 3339 time, snapshot name, or "head". */
  at?: string | null | undefined;
  /** True: server-sent events. */
  stream?: boolean | undefined;
}

/** Who has to act before an operation that failed can succeed. */
export type Remedy = "fix_request" | "retry_later" | "call_operator" | "report_bug";

/** One block's share. */
export interface RetrievedBlockBody {
  /** The write (chunk) that made the block, counted from 1 in this line of versions; 0 = the model's own rows. */
  write: number;
  /** Rows over all layers. */
  rows: number;
}

/** Rows that were retrieved from the long-term bank. */
export interface RetrievedBody {
  /** One number per layer; empty for a model without a bank. */
  rows_per_layer: number[];
  /** Where they come from, most rows first. */
  blocks: RetrievedBlockBody[];
}

/** What a caller may do; each role may do what the ones before it may. */
export type Role = "reader" | "writer" | "admin" | "operator";

export interface RollBackAnswer {
  /** The memory. */
  id: string;
  /** The new head. */
  version: number;
  /** The version whose content it has. */
  restored_from: number;
  /** When it became visible, RFC 3339. */
  committed_at: string;
}

export interface RollBackBody {
  /** A version number (as number or text), an RFC 3339 time, or a snapshot name. */
  to: unknown;
}

/** A snapshot as the API shows it. */
export interface SnapshotBody {
  name: string;
  version: number;
  created_at: string;
}

/** All snapshots of a memory, by name. */
export interface SnapshotListBody {
  items: SnapshotBody[];
}

/** Milliseconds per stage; a stage that did not occur is 0. */
export interface TimingsBody {
  /** Waiting for the model. */
  queue: number;
  /** Text to tokens. */
  tokenize: number;
  /** Bringing blocks into memory. */
  page_in: number;
  /** Inject: the write pass. */
  encode: number;
  /** Query: the prompt pass. */
  prefill: number;
  /** Query: all tokens after the first. */
  decode: number;
  /** Inject: handing blocks to the store. */
  stage: number;
  /** Inject: making the version durable. */
  commit: number;
}

/** Tokens of a query. */
export interface UsageBody {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

/** A version as the API shows it. */
export interface VersionBody {
  /** Its number. */
  version: number;
  /** The head before it; absent for the first. */
  parent?: number | null | undefined;
  /** create, inject, rollback, fork or import. */
  cause: VersionCause;
  /** For a rollback: the version whose content it has. */
  restored_from?: number | null | undefined;
  /** RFC 3339, exact: a read at this time sees it. */
  committed_at: string;
  /** Tokens injected by it. */
  tokens: number;
  /** Pieces they were written in. */
  chunks: number;
  /** Chunks written so far in its line. */
  writes: number;
  /** Stored bytes of the blocks that it added. */
  block_bytes: number;
  /** What its drops were drawn from. */
  seed: number;
  /** Short fingerprint of the model. */
  model: string;
  /** The key it was made under. */
  idempotency_key?: string | null | undefined;
  /** Id of the API key that made it. */
  author?: string | null | undefined;
  metadata?: null | unknown | undefined;
  forked_from?: null | ForkSourceBody | undefined;
  /** True when the injected text was kept and can be read. */
  has_text: boolean;
}

/** Why a version exists. The values are part of the on-disk format. */
export type VersionCause = "create" | "inject" | "rollback" | "fork" | "import";

/** A page of versions, newest first. */
export interface VersionPageBody {
  items: VersionBody[];
  next_cursor?: string | null | undefined;
}
