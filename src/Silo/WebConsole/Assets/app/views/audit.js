// Who did what, newest first. The log holds names and outcomes, never what was written.
import { get } from '../api.js';
import { h, replace } from '../dom.js';
import { exactTime } from '../format.js';

export async function auditView() {
  const body = h('div');
  const page = await get('/v1/audit?limit=100');
  const items = page.items ?? [];
  replace(body, h('div', { class: 'table-frame' }, h('table', { class: 'table' },
    h('thead', null, h('tr', null, ['Time', 'Key', 'Action', 'Object', 'Status'].map((title) => h('th', { scope: 'col' }, title)))),
    h('tbody', null, items.map((line) => h('tr', null, h('td', null, exactTime(line.time)), h('td', null, h('code', null, line.key_id ?? '')), h('td', null, line.action), h('td', null, line.object ?? ''), h('td', null, String(line.status))))))));
  return { title: 'Audit', element: h('div', { class: 'page' }, h('div', { class: 'page-head' }, h('h1', null, 'Audit')), body) };
}
