// The official MCP client against a LatentDB server. Ends with "ok", the number of checks and the client's version.
//   node mcp.mjs http ADDRESS                    streamable HTTP
//   node mcp.mjs stdio ADDRESS COMMAND [ARG ...] a program that speaks the protocol over its standard streams
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [kind, address, command, ...args] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(new URL('node_modules/@modelcontextprotocol/sdk/package.json', import.meta.url)));
const memory = `mcp-${kind}`;
const facts = 'Maria lives in Lisbon. Peter works as a baker. Anna drives a red car. Hugo keeps a parrot.';
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

async function connect({ pinned = memory, create = false, forget = false } = {}) {
  const client = new Client({ name: 'latentdb-tests', version: '1.0.0' });
  if (kind === 'http') {
    const headers = {};
    if (pinned) headers['X-Memory-Id'] = pinned;
    if (create) headers['X-Memory-Create'] = 'true';
    if (forget) headers['X-Mcp-Destructive'] = 'true';
    await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', address), { requestInit: { headers } }));
  } else {
    const flags = ['--server', address];
    if (pinned) flags.push('--memory', pinned);
    if (create) flags.push('--create');
    if (forget) flags.push('--allow-forget');
    await client.connect(new StdioClientTransport({ command, args: [...args, ...flags], stderr: 'inherit' }));
  }
  return client;
}

async function call(client, name, arguments_ = {}) {
  const result = await client.callTool({ name, arguments: arguments_ });
  assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
  return result.structuredContent;
}

async function refusal(client, name, arguments_ = {}) {
  const result = await client.callTool({ name, arguments: arguments_ });
  assert.equal(result.isError, true, `${name} was not refused`);
  return result.content[0].text;
}

const client = await connect({ create: true });

await check('the server introduces itself', async () => {
  assert.equal(client.getServerVersion().name, 'latentdb');
  assert.match(client.getInstructions(), new RegExp(memory));
});

await check('the tools are described with schemas and hints', async () => {
  const { tools } = await client.listTools();
  const byName = Object.fromEntries(tools.map((tool) => [tool.name, tool]));
  assert.deepEqual(Object.keys(byName).sort(), ['diff', 'list_versions', 'recall', 'remember', 'rollback', 'snapshot']);
  assert.deepEqual(byName.remember.inputSchema.required, ['text']);
  assert.equal(byName.recall.annotations.readOnlyHint, true);
  assert.equal(byName.rollback.annotations.destructiveHint, true);
  assert.equal(byName.remember.annotations.destructiveHint, false);
  assert.ok(tools.every((tool) => tool.description && tool.outputSchema && tool.annotations.openWorldHint === false));
});

await check('a question to a memory that is not there says so', async () => {
  assert.match(await refusal(client, 'recall', { question: 'Where does Maria live?' }), /^memory_not_found: /);
});

await check('what is remembered is recalled', async () => {
  const remembered = await call(client, 'remember', { text: facts, idempotency_key: 'k1' });
  assert.deepEqual([remembered.memory, remembered.version, remembered.was_known], [memory, 2, false]);
  assert.equal((await call(client, 'remember', { text: facts, idempotency_key: 'k1' })).was_known, true);
  const answer = await client.callTool({ name: 'recall', arguments: { question: 'Where does Maria live?', max_tokens: 8 } });
  assert.equal(answer.content[0].text.trim(), 'Lisbon');
  assert.equal(answer.structuredContent.version, 2);
});

await check('a snapshot, a change, the past, and the way back', async () => {
  assert.equal((await call(client, 'snapshot', { name: 'before' })).version, 2);
  await call(client, 'remember', { text: 'Maria moved to Oslo.' });
  const where = { question: 'Where does Maria live?', max_tokens: 8 };
  assert.equal((await call(client, 'recall', where)).text.trim(), 'Oslo');
  assert.equal((await call(client, 'recall', { ...where, at: 'before' })).text.trim(), 'Lisbon');
  assert.deepEqual((await call(client, 'diff', { from: 'before' })).added.map((inject) => inject.text), ['Maria moved to Oslo.']);
  assert.equal((await call(client, 'rollback', { to: 'before' })).restored_from, 2);
  assert.equal((await call(client, 'recall', where)).text.trim(), 'Lisbon');
  const { versions } = await call(client, 'list_versions', { limit: 3 });
  assert.deepEqual(versions.map((v) => [v.version, v.cause]), [[4, 'rollback'], [3, 'inject'], [2, 'inject']]);
  assert.deepEqual(versions[2].snapshots, ['before']);
  assert.equal(versions[1].text, 'Maria moved to Oslo.');
});

await check('wrong arguments are told to the model', async () => {
  assert.match(await refusal(client, 'recall', {}), /^invalid_request: .*required/);
  assert.match(await refusal(client, 'recall', { question: 'x', max_tokens: 0 }), /max_tokens/);
  assert.match(await refusal(client, 'recall', { question: 'x', colour: 'red' }), /not known at \$\.colour/);
  assert.match(await refusal(client, 'rollback', { to: '99' }), /^version_not_found: /);
  await assert.rejects(client.callTool({ name: 'dance', arguments: {} }), /no such tool/);
});

await check('calls run side by side', async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => call(client, 'recall', { question: 'Where does Maria live?', max_tokens: 8 })));
  assert.ok(answers.every((answer) => answer.text.trim() === 'Lisbon'));
});

await check('without a chosen memory each call names one', async () => {
  const free = await connect({ pinned: null });
  const { tools } = await free.listTools();
  assert.deepEqual(tools.find((tool) => tool.name === 'remember').inputSchema.required, ['memory', 'text']);
  assert.ok((await call(free, 'list_memories')).memories.some((m) => m.memory === memory));
  assert.match(await refusal(free, 'recall', { question: 'x' }), /memory must name a memory/);
  assert.equal((await call(free, 'recall', { memory, question: 'Where does Maria live?', max_tokens: 8 })).text.trim(), 'Lisbon');
  await free.close();
});

await check('forget is there only when it is allowed, and wants to be sure', async () => {
  assert.match(await refusal(client, 'forget', { confirm: memory }), /^forbidden: /);
  const bold = await connect({ forget: true });
  const { tools } = await bold.listTools();
  assert.equal(tools.find((tool) => tool.name === 'forget').annotations.destructiveHint, true);
  assert.match(await refusal(bold, 'forget', { confirm: 'yes' }), /nothing was done/);
  assert.equal((await call(bold, 'forget', { confirm: memory })).erased, true);
  assert.match(await refusal(bold, 'recall', { question: 'x' }), /^memory_not_found: /);
  await bold.close();
});

await client.close();
console.log(`ok ${checks} @modelcontextprotocol/sdk ${version}`);
