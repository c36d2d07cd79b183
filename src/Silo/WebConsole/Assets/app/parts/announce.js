// Short notes: read out by screen readers, and shown for a moment at the edge of the page.
import { h } from '../dom.js';

const ShownMilliseconds = 6000;

export function announce(text, { isQuiet = false } = {}) {
  const note = h('p', { class: isQuiet ? 'visually-hidden' : 'toast' }, text);
  document.getElementById('status').append(note);
  setTimeout(() => note.remove(), ShownMilliseconds);
}
