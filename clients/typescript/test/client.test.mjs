// Run by a test of the server, which compiles the client and names both: LATENTDB_SERVER, LATENTDB_MODULE.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import test from "node:test";

const { LatentDb, LatentDbError, ConnectionError } = await import(process.env.LATENTDB_MODULE);
const server = process.env.LATENTDB_SERVER;
const facts = "Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.";
const where = { messages: [{ role: "user", content: "Where does Maria live?" }], max_tokens: 8 };

async function told(db = new LatentDb({ server })) {
  const memory = db.memory(`ts-${randomUUID()}`);
  await db.createMemory({ id: memory.id, metadata: { plan: "free" } });
  await memory.inject(facts);
  return memory;
}

test("the whole story can be told with it", async () => {
  const memory = await told();
  assert.equal((await memory.query(where)).text.trim(), "Lisbon");
  assert.equal((await memory.createSnapshot("mark")).version, 2);
  assert.equal((await memory.inject("Maria moved to Oslo.", { ifVersion: 2 })).version, 3);
  assert.equal((await memory.query(where)).text.trim(), "Oslo");
  assert.equal((await memory.query({ ...where, at: "mark" })).text.trim(), "Lisbon");
  assert.equal((await memory.diff(2, 3)).texts_added[0].text, "Maria moved to Oslo.");
  assert.equal((await memory.rollback("mark")).restored_from, 2);
  assert.deepEqual((await memory.listVersions()).items.map((v) => v.cause), ["rollback", "inject", "inject", "create"]);
  assert.equal((await memory.getVersion(4)).version, 4);
  assert.equal((await memory.getVersionText(2)).text, facts);
  assert.deepEqual((await memory.listSnapshots()).map((s) => s.name), ["mark"]);
  await memory.deleteSnapshot("mark");
  const fork = await memory.fork({ id: `${memory.id}-fork` });
  assert.equal(fork.id, `${memory.id}-fork`);
  assert.deepEqual((await memory.get()).metadata, { plan: "free" });
  await memory.erase();
  await assert.rejects(memory.get(), (error) => error instanceof LatentDbError && error.code === "memory_not_found" && error.status === 404 && error.requestId.length > 0);
});

test("a stream adds up to the whole answer, and leaving it ends the request", async () => {
  const memory = await told();
  let text = "";
  let answer;
  for await (const step of memory.stream(where)) {
    if (step.type === "token") text += step.text;
    else answer = step.answer;
  }
  assert.equal(text, answer.text);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
  for await (const step of memory.stream({ prompt: "Maria", max_tokens: 64 })) {
    assert.equal(step.type, "token");
    break;
  }
});

test("a refused stream is an error before its first step", async () => {
  await assert.rejects(async () => {
    for await (const _ of new LatentDb({ server }).memory("nobody").stream(where)) assert.fail("There is no such memory.");
  }, LatentDbError);
});

test("writes are handed over and followed, and batches say what is written", async () => {
  const memory = await told();
  const accepted = await memory.accept("Maria moved to Oslo.");
  const ended = await memory.waitForOperation(accepted.id);
  assert.equal(ended.status, "succeeded");
  assert.deepEqual(ended.versions, [3]);
  const batch = await memory.injectBatch([{ text: "Lena keeps a cat. Paul lives in Rome." }, { text: "Anna lives in Berlin." }]);
  assert.deepEqual([batch.written, batch.version, batch.problem ?? null], [2, 5, null]);
  const later = await memory.waitForOperation((await memory.acceptBatch([{ text: "Hugo lives in Paris." }])).id);
  assert.deepEqual(later.versions, [6]);
  assert.equal((await memory.listOperations()).items.length, 2);
  await assert.rejects(memory.cancelOperation(accepted.id), LatentDbError);
});

test("memories are listed over pages", async () => {
  const db = new LatentDb({ server });
  const ids = [(await told(db)).id, (await told(db)).id];
  const first = await db.listMemories({ limit: 1 });
  assert.equal(first.items.length, 1);
  assert.ok(first.next_cursor);
  const all = [];
  for await (const memory of db.memories()) all.push(memory.id);
  for (const id of ids) assert.ok(all.includes(id));
});

test("who one is and whether the server is ready", async () => {
  const db = new LatentDb({ server });
  assert.equal((await db.me()).tenant, "default");
  assert.equal(await db.isReady(), true);
  assert.equal(await new LatentDb({ server: "http://127.0.0.1:9" }).isReady(), false);
});

test("a write whose answer is lost is sent again under the same key and written once", async () => {
  const memory = await told();
  const keys = [];
  let lost = 0;
  const db = new LatentDb({
    server,
    fetch: async (url, request) => {
      keys.push(request.headers["Idempotency-Key"]);
      const response = await fetch(url, request);
      if (lost++ > 0) return response;
      await response.arrayBuffer();
      throw new TypeError("fetch failed");
    },
  });
  const answer = await db.memory(memory.id).inject("Maria moved to Oslo.");
  assert.equal(answer.is_replay, true);
  assert.equal(answer.version, 3);
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  assert.equal((await memory.get()).version, 3);
});

test("a busy server is asked again after the time that it names, and not for ever", async () => {
  let calls = 0;
  const busy = createServer((request, response) => {
    calls++;
    if (request.url === "/v1/me") {
      response.writeHead(calls < 3 ? 503 : 200, { "Retry-After": "0", "Content-Type": "application/json" });
      response.end(JSON.stringify({ tenant: "acme", key: request.headers.authorization, as: request.headers["x-tenant-id"] }));
    } else {
      response.writeHead(429, { "Retry-After": "60", "Content-Type": "application/problem+json" });
      response.end(JSON.stringify({ code: "rate_limited", detail: "Too fast." }));
    }
  });
  await new Promise((resolve) => busy.listen(0, "127.0.0.1", resolve));
  try {
    const db = new LatentDb({ server: `http://127.0.0.1:${busy.address().port}/`, apiKey: "k", tenant: "acme" });
    assert.deepEqual(await db.me(), { tenant: "acme", key: "Bearer k", as: "acme" });
    assert.equal(calls, 3);
    await assert.rejects(db.memory("x").get(), (error) => error.code === "rate_limited" && error.retryAfterSeconds === 60);
    assert.equal(calls, 4);
  } finally {
    busy.close();
  }
});

test("nobody there is told as such, and a wait can be ended", async () => {
  const gone = new LatentDb({ server: "http://127.0.0.1:9", maxAttempts: 1 });
  await assert.rejects(gone.me(), ConnectionError);
  const abort = new AbortController();
  const waiting = new LatentDb({ server: "http://127.0.0.1:9", maxAttempts: 100 }).me({ signal: abort.signal });
  abort.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
});

test("a broken stream is an error and no answer", async () => {
  const half = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write('event: token\ndata: {"text":"a"}\n\n');
    setImmediate(() => response.end());
  });
  await new Promise((resolve) => half.listen(0, "127.0.0.1", resolve));
  try {
    const steps = new LatentDb({ server: `http://127.0.0.1:${half.address().port}` }).memory("x").stream("?");
    assert.deepEqual(await steps.next(), { done: false, value: { type: "token", text: "a" } });
    await assert.rejects(steps.next(), ConnectionError);
  } finally {
    half.close();
  }
});
