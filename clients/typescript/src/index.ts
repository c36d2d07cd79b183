export { LatentDb, type PageOptions } from "./client.js";
export { ConnectionError, LatentDbError } from "./errors.js";
export { MemoryHandle, type QueryRequest, type QueryStep } from "./memory.js";
export type * from "./schema.js";
export type { CallOptions, LatentDbOptions, WriteOptions } from "./transport.js";
