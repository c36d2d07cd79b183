// A small line of the last minutes. The number beside it says the same, so the drawing needs no words.
import { s } from '../dom.js';

const Width = 240;
const Height = 64;

/** @param {(number|null)[]} values Oldest first; null leaves a gap. @param {number} length Values that fill the width. */
export function sparkline(values, length) {
  const known = values.filter((value) => value !== null);
  const top = Math.max(...known, 0) || 1;
  const x = (i) => ((length - values.length + i) * Width) / (length - 1);
  const y = (value) => Height - 2 - (value / top) * (Height - 6);
  const lines = segments(values).map((points) => points.map(([i, value]) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`));
  return s('svg', { class: 'chart', viewBox: `0 0 ${Width} ${Height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    s('line', { class: 'chart-base', x1: 0, x2: Width, y1: Height - 1, y2: Height - 1 }),
    lines.filter((points) => points.length > 1).flatMap((points) => [
      s('polygon', { class: 'chart-area', points: `${points[0].split(',')[0]},${Height - 1} ${points.join(' ')} ${points.at(-1).split(',')[0]},${Height - 1}` }),
      s('polyline', { class: 'chart-line', points: points.join(' ') }),
    ]));
}

function segments(values) {
  const all = [[]];
  values.forEach((value, i) => {
    if (value === null) all.push([]);
    else all.at(-1).push([i, value]);
  });
  return all;
}
