// The only way to the server: adds the key, turns everything that goes wrong into a Problem, reads streams of events.
import { currentKey, hasKey } from './session.js';

/** An RFC 9457 problem of the server, or one of the way to it. */
export class Problem extends Error {
  constructor(fields) {
    super(fields.detail ?? fields.title);
    Object.assign(this, fields);
  }
}

/** Tells the shell about what concerns the whole page: "unreachable", "reachable", "unauthenticated". */
export const events = new EventTarget();

export const get = (path, options) => json('GET', path, options);
export const post = (path, body, options) => json('POST', path, { ...options, body });
export const patch = (path, body, options) => json('PATCH', path, { ...options, body });
export const del = (path, options) => json('DELETE', path, options);

/** The address of a memory, or of something below it. */
export const memoryPath = (id, rest = '') => `/v1/memories/${encodeURIComponent(id)}${rest}`;

/** Makes a write repeatable: the same key again changes nothing and gets the first answer. */
export function writeKey() {
  const random = crypto.getRandomValues(new Uint8Array(18));
  return `console-${btoa(String.fromCharCode(...random)).replaceAll('+', '-').replaceAll('/', '_')}`;
}

/** Sends a request; throws a Problem unless the server said that it went well. */
export async function send(method, path, { headers = {}, body = undefined, signal = undefined } = {}) {
  const all = { ...headers };
  if (hasKey()) all.Authorization = `Bearer ${currentKey()}`;
  let response;
  try {
    response = await fetch(path, { method, headers: all, body, signal, credentials: 'omit', cache: 'no-store' });
  } catch (error) {
    throw signal?.aborted ? error : lost();
  }
  events.dispatchEvent(new Event('reachable'));
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (response.status === 401) events.dispatchEvent(Object.assign(new Event('unauthenticated'), { problem }));
  throw problem;
}

/** Asks with a stream of server-sent events; calls back for each and gives back the data of "done". */
export async function stream(path, body, { signal, onEvent }) {
  const response = await send('POST', path, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await readPiece(reader, signal);
    if (done) throw lost('The answer broke off before its end.');
    rest += value;
    const frames = rest.split('\n\n');
    rest = frames.pop();
    for (const frame of frames) {
      const { name, data } = parseFrame(frame);
      if (name === 'done') return data;
      if (name === 'error') throw fromBody(data, response);
      onEvent(name, data);
    }
  }
}

async function json(method, path, { body, headers = {}, signal } = {}) {
  const all = { Accept: 'application/json', ...headers };
  if (body !== undefined) all['Content-Type'] = 'application/json';
  const response = await send(method, path, { headers: all, body: body === undefined ? undefined : JSON.stringify(body), signal });
  return response.status === 204 ? null : parse(await response.text());
}

async function readPiece(reader, signal) {
  try {
    return await reader.read();
  } catch (error) {
    throw signal?.aborted ? error : lost('The answer broke off before its end.');
  }
}

function parseFrame(frame) {
  let name = 'message';
  let data = '';
  for (const line of frame.split('\n')) {
    if (line.startsWith('event: ')) name = line.slice(7);
    else if (line.startsWith('data: ')) data += line.slice(6);
  }
  return { name, data: parse(data) };
}

/** Seeds have up to 64 bits, more than a number holds; they stay as they were spelt. */
const parse = (text) => JSON.parse(text, (name, value, context) => (name === 'seed' && typeof value === 'number' ? context?.source ?? String(value) : value));

async function problemOf(response) {
  let body = {};
  try {
    body = await response.json();
  } catch {
    // A proxy in between may answer in its own words.
  }
  return fromBody(body, response);
}

function fromBody(body, response) {
  return new Problem({
    status: body.status ?? response.status,
    title: body.title ?? `The server answered ${response.status}`,
    detail: body.detail ?? 'It gave no reason.',
    code: body.code ?? 'unknown',
    remedy: body.remedy ?? (response.status >= 500 ? 'call_operator' : 'fix_request'),
    requestId: body.request_id ?? response.headers.get('X-Request-Id'),
    retryAfterSeconds: Number(response.headers.get('Retry-After')) || null,
  });
}

function lost(detail = 'It may have been stopped, or the network between is down.') {
  events.dispatchEvent(new Event('unreachable'));
  return new Problem({ status: 0, title: 'The server does not answer', detail, code: 'unreachable', remedy: 'retry_later', requestId: null, retryAfterSeconds: null });
}
