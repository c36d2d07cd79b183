// Rows and columns in a frame that scrolls sideways by itself, with the keyboard too, where the page is narrower than they are.
import { h } from '../dom.js';

/**
 * @param {string} label What the rows are, for who cannot see the heading above.
 * @param {(string|{title: string, style?: string})[]} columns An empty title is read out as "What to do".
 * @param {HTMLElement[]} rows
 */
export function table(label, columns, rows, style = '') {
  const head = columns.map((column) => {
    const { title, style: cell = null } = typeof column === 'string' ? { title: column } : column;
    return h('th', { scope: 'col', class: cell }, title || h('span', { class: 'visually-hidden' }, 'What to do'));
  });
  return frame(label, h('table', { class: `table ${style}` }, h('thead', null, h('tr', null, head)), h('tbody', null, rows)));
}

export const frame = (label, content) => h('div', { class: 'table-frame', role: 'region', 'aria-label': label, tabindex: '0' }, content);
