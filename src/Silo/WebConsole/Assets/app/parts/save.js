// Hands what was read to the browser as a file.
import { h } from '../dom.js';

const KeptMilliseconds = 60_000;

export function save(blob, name) {
  const address = URL.createObjectURL(blob);
  h('a', { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), KeptMilliseconds);
}
