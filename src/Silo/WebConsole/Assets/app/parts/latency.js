// Where the time of one request went: a bar of its stages, and the same in words.
import { h } from '../dom.js';
import { milliseconds } from '../format.js';

const Stages = [
  ['queue', 'queue', 1], ['tokenize', 'tokenize', 1], ['page_in', 'page in', 2], ['encode', 'encode', 3], ['prefill', 'prefill', 3], ['decode', 'decode', 4],
  ['stage', 'stage', 5], ['commit', 'commit', 5],
];

/** Shares below this are too thin to be seen and would be noise in the legend. */
const LeastMs = 0.05;

/** @param {Record<string, number>} timings Milliseconds per stage. @param {number} [total] As the browser saw it: what is no stage is the rest: the way there and back, the server's edge, the browser. */
export function latencyBar(timings, total) {
  const stages = Stages.filter(([name]) => (timings[name] ?? 0) >= LeastMs);
  const known = stages.reduce((sum, [name]) => sum + timings[name], 0);
  const rest = Math.max(0, (total ?? known) - known);
  const shown = [...stages.map(([name, title, colour]) => ({ title, colour, ms: timings[name] })), rest >= LeastMs && { title: 'rest', colour: 0, ms: rest }].filter(Boolean);
  return h('figure', { class: 'latency' },
    h('div', { class: 'latency-bar', 'aria-hidden': 'true' }, shown.map(({ colour, ms }) => {
      const part = h('i', { class: `stage-${colour}` });
      part.style.flexGrow = ms;
      return part;
    })),
    h('figcaption', null, h('span', { class: 'latency-total number' }, milliseconds(known + rest)), shown.map(({ title, colour, ms }) =>
      h('span', { class: 'latency-key' }, h('i', { class: `stage-${colour}`, 'aria-hidden': 'true' }), `${title} `, h('span', { class: 'number' }, milliseconds(ms))))));
}
