// Which view an address names.
import { auditView } from './views/audit.js';
import { activityView } from './views/activity.js';
import { keysView } from './views/keys.js';
import { memoriesView } from './views/memories.js';
import { memoryView } from './memory/view.js';
import { h } from './dom.js';

const Pages = { activity: activityView, keys: keysView, audit: auditView };

/** @returns {{name: string, section: string, id?: string, query: URLSearchParams, open: Function}} */
export function route(hash) {
  const [path, search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [head = '', id] = path.split('/').map(decode);
  const query = new URLSearchParams(search);
  if (head === '') return { name: 'memories', section: 'memories', query, open: memoriesView };
  if (head === 'memories' && id) return { name: `memory ${id}`, section: 'memories', id, query, open: memoryView };
  const open = Object.hasOwn(Pages, head) ? Pages[head] : nothing;
  return { name: head, section: head, query, open };
}

function nothing() {
  return {
    title: 'Not found',
    element: h('div', { class: 'page' }, h('div', { class: 'empty' },
      h('h1', null, 'There is nothing at this address'), h('a', { class: 'button', href: '#/' }, 'Go to the memories'))),
  };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
