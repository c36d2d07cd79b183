// Drawings of 16 x 16 in the colour of the text around them. They never stand alone: what they mean is in words beside them or in the label of their button.
import { s } from '../dom.js';

const Paths = {
  plus: 'M8 3v10M3 8h10',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM11 11l3 3',
  close: 'M4 4l8 8M12 4l-8 8',
  sun: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1',
  moon: 'M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z',
  system: 'M2 3h12v8H2zM6 13.5h4',
  exit: 'M6 2.5H3v11h3M9.5 5l3 3-3 3M12.5 8H6',
  pin: 'M4 2.5h8v11l-4-3-4 3z',
  fork: 'M4.5 5.5v5M4.5 7.8c0 0 7 .6 7-2.3M4.5 5.5a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM11.5 5.5a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2zM4.5 13.7a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.2z',
  back: 'M5.5 3L2.5 6l3 3M2.5 6h7a4 4 0 0 1 0 8H6',
  trash: 'M2.5 4h11M6 4V2.5h4V4M4 4l.7 9.5h6.6L12 4M6.7 6.8v4M9.3 6.8v4',
  down: 'M8 2.5v7.5M4.8 7L8 10.2 11.2 7M2.5 13.5h11',
  up: 'M8 10.2V2.7M4.8 5.8L8 2.6l3.2 3.2M2.5 13.5h11',
  swap: 'M4.5 2.5L2 5l2.5 2.5M2 5h9.5M11.5 8.5L14 11l-2.5 2.5M14 11H4.5',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  file: 'M4 1.8h5.2L12.5 5v9.2H4zM9 2v3.3h3.3',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  warn: 'M8 2L1.8 13.5h12.4zM8 6.3v3.4M8 11.6v.01',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.2v2.9h-2.9',
};

export function icon(name) {
  return s('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' }, s('path', { d: Paths[name] }));
}
