// The official OpenAI client against a LatentDB server: node openai.mjs ADDRESS. Ends with "ok" and the number of checks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

const [address] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(new URL('node_modules/openai/package.json', import.meta.url)));
const client = new OpenAI({ apiKey: 'not-checked-without-keys', baseURL: new URL('/v1', address).href, maxRetries: 0 });
const facts = 'Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.';
const where = [{ role: 'user', content: 'Where does Maria live?' }];
let checks = 0;

async function check(name, run) {
  try {
    await run();
    checks++;
  } catch (error) {
    console.error(`FAILED: ${name}\n${error?.stack ?? error}`);
    process.exit(1);
  }
}

async function post(path, body) {
  const response = await fetch(new URL(path, address), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  assert.ok(response.ok, `${path}: ${response.status}`);
  return response.json();
}

await post('/v1/memories', { id: 'node' });
await post('/v1/memories/node/inject', { text: facts });

await check('models are listed and found', async () => {
  const list = await client.models.list();
  assert.equal(list.data.length, 1);
  const one = await client.models.retrieve(list.data[0].id);
  assert.equal(one.object, 'model');
  assert.equal(one.owned_by, 'latentdb');
  await assert.rejects(client.models.retrieve('gpt-4o'), OpenAI.NotFoundError);
});

await check('an answer comes from the memory in user', async () => {
  const completion = await client.chat.completions.create({ model: 'latentdb', user: 'node', messages: where, max_tokens: 8 });
  assert.equal(completion.choices[0].message.content.trim(), 'Lisbon');
  assert.equal(completion.choices[0].message.role, 'assistant');
  assert.equal(completion.choices[0].finish_reason, 'stop');
  assert.equal(completion.usage.total_tokens, completion.usage.prompt_tokens + completion.usage.completion_tokens);
  assert.match(completion.id, /^chatcmpl-/);
  assert.match(completion.system_fingerprint, /^fp_/);
  assert.equal(completion.latentdb.version, 2);
  assert.ok(completion._request_id, 'the request id is told');
});

await check('an answer is streamed with its usage at the end', async () => {
  const stream = await client.chat.completions.create(
    { model: 'latentdb', messages: where, max_completion_tokens: 8, stream: true, stream_options: { include_usage: true } },
    { headers: { 'X-Memory-Id': 'node' } },
  );
  let text = '';
  let usage = null;
  const reasons = [];
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? '';
    if (chunk.choices[0]?.finish_reason) reasons.push(chunk.choices[0].finish_reason);
    if (chunk.usage) usage = chunk.usage;
  }
  assert.equal(text.trim(), 'Lisbon');
  assert.deepEqual(reasons, ['stop']);
  assert.ok(usage.prompt_tokens > 0);
});

await check("the client's own helper puts the pieces together", async () => {
  const runner = client.chat.completions.stream({ model: 'latentdb', user: 'node', messages: where, max_tokens: 8 });
  const completion = await runner.finalChatCompletion();
  assert.equal(completion.choices[0].message.content.trim(), 'Lisbon');
});

await check('parts of text, a developer and a past answer are understood', async () => {
  const messages = [
    { role: 'developer', content: [{ type: 'text', text: 'Answer with one word.' }] },
    { role: 'user', content: 'Hello.' },
    { role: 'assistant', content: '' },
    { role: 'user', content: [{ type: 'text', text: 'Where does Maria' }, { type: 'text', text: 'live?' }] },
  ];
  const completion = await client.chat.completions.create({ model: 'latentdb', user: 'node', messages, max_tokens: 4 });
  assert.equal(completion.object, 'chat.completion');
});

await check('a missing memory is an error of the right class, and is made when asked for', async () => {
  await assert.rejects(client.chat.completions.create({ model: 'latentdb', user: 'nobody', messages: where, max_tokens: 4 }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'memory_not_found');
    assert.equal(error.type, 'not_found_error');
    assert.ok(error.requestID);
    return true;
  });
  const made = await client.chat.completions.create({ model: 'latentdb', user: 'nobody', messages: where, max_tokens: 4 }, { headers: { 'X-Memory-Create': 'true' } });
  assert.equal(made.latentdb.version, 1);
});

await check('what cannot be done is refused by name', async () => {
  const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
  await assert.rejects(client.chat.completions.create({ model: 'latentdb', user: 'node', messages: where, tools }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'tools');
    assert.equal(error.code, 'unsupported_parameter');
    return true;
  });
});

await check('an exchange is remembered, once for each key', async () => {
  await post('/v1/memories', { id: 'diary' });
  const request = { model: 'latentdb', user: 'diary', messages: [{ role: 'user', content: facts }], max_tokens: 8, temperature: 1 };
  const options = { headers: { 'X-Memory-Inject': 'exchange', 'Idempotency-Key': 'node-1' } };
  const first = await client.chat.completions.create(request, options);
  const again = await client.chat.completions.create(request, options);
  assert.equal(first.latentdb.injected_version, 2);
  assert.deepEqual([again.id, again.choices, again.latentdb.injected_version], [first.id, first.choices, 2]);
  const after = await client.chat.completions.create({ model: 'latentdb', user: 'diary', messages: where, max_tokens: 8 });
  assert.equal(after.latentdb.version, 2);
});

await check('a streamed exchange tells the version that holds it', async () => {
  const stream = await client.chat.completions.create(
    { model: 'latentdb', user: 'diary', messages: where, max_tokens: 8, stream: true },
    { headers: { 'X-Memory-Inject': 'user' } },
  );
  let last;
  for await (const chunk of stream) last = chunk;
  assert.equal(last.latentdb.injected_version, 3);
});

await check('a client that leaves early ends the answer', async () => {
  const stream = await client.chat.completions.create({ model: 'latentdb', user: 'node', messages: where, max_tokens: 512, stream: true });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    break;
  }
  assert.ok(stream.controller.signal.aborted);
});

console.log(`ok ${checks} openai ${version}`);
