// @msgpack/msgpack as a peer: for each line of hex on stdin, one line with its reading of the bytes and its own bytes.
// The line "generate SEED COUNT" asks for documents of its own. The text is the one of DocumentText.cs, with the numbers of JavaScript:
// integers of up to 32 bits are doubles, those of 64 bits are BigInts, and the keys of a map are strings.
import { createInterface } from 'node:readline';
import { decode, encode } from '@msgpack/msgpack';

const settings = { useBigInt64: true };
const hex = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
const pack = (value) => hex(encode(value, settings));

function number(value) {
  if (Number.isNaN(value)) return 'fnan';
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return `f${bytes.toString('hex')}`;
}

function text(value) {
  if (value === null) return 'nil';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return `i${value}`;
  if (typeof value === 'number') return number(value);
  if (typeof value === 'string') return `s${Buffer.from(value).toString('hex')}`;
  if (value instanceof Uint8Array) return `b${hex(value)}`;
  if (Array.isArray(value)) return `[${value.map(text).join(',')}]`;
  return `{${Object.entries(value).map(([key, item]) => `${text(key)}:${text(item)}`).sort().join(',')}}`;
}

// mulberry32: a seeded generator, which JavaScript itself does not have.
function randomFrom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function bytesOf(random, length) {
  return Uint8Array.from({ length }, () => random(256));
}

function document(random, depth) {
  switch (random(depth > 0 ? 10 : 8)) {
    case 0: return null;
    case 1: return random(2) === 0;
    case 2: return random(2 ** 32) * (random(2) === 0 ? 1 : -0.5) || 1;
    case 3: return BigInt.asIntN(64, Buffer.from(bytesOf(random, 8)).readBigUInt64BE());
    case 4: return BigInt.asUintN(64, Buffer.from(bytesOf(random, 8)).readBigUInt64BE());
    case 5: return Buffer.from(bytesOf(random, 8)).readDoubleBE();
    case 6: return Array.from({ length: random(60) }, () => ['a', 'é', '€', '😀'][random(4)]).join('');
    case 7: return bytesOf(random, random(300));
    case 8: return Array.from({ length: random(20) }, () => document(random, depth - 1));
    default: return Object.fromEntries(Array.from({ length: random(20) }, (_, i) => [`k${i}`, document(random, depth - 1)]));
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, seed, count] = line.trim().split(' ');
  if (verb === 'generate') {
    const random = randomFrom(Number(seed));
    for (let i = 0; i < Number(count); i++) {
      const made = document(random, 4);
      console.log(`${text(made)} ${pack(made)}`);
    }
  } else {
    const read = decode(Buffer.from(verb, 'hex'), settings);
    console.log(`${text(read)} ${pack(read)}`);
  }
}
