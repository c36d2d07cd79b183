// Who did what, newest first. The log holds names and outcomes, never what was written.
import { get, send } from '../api.js';
import { freshId, h, replace } from '../dom.js';
import { count, exactTime, plural } from '../format.js';
import { can, whoami } from '../session.js';
import { icon } from '../parts/icons.js';
import { asProblem, problemBox } from '../parts/problem.js';
import { save } from '../parts/save.js';
import { table } from '../parts/table.js';

/** Lines of one request. */
const PageSize = 200;

/** Lines that are worth a page, where a window of the log holds few of this tenant. */
const Enough = 50;

export async function auditView() {
  const state = { path: '/v1/audit', lines: [], from: 0 };
  const body = h('div', { class: 'stack' });
  const verdict = h('div', { 'aria-live': 'polite' });
  const all = h('input', { type: 'checkbox', id: freshId('all'), onchange: () => { state.path = all.checked ? '/v1/admin/audit' : '/v1/audit'; reload(); } });
  await begin(state);
  draw();
  return {
    title: 'Audit',
    element: h('div', { class: 'page' },
      h('div', { class: 'page-head' }, h('h1', null, 'Audit'),
        can('operator') && h('div', { class: 'choice' }, all, h('label', { for: all.id }, 'All tenants')),
        can('operator') && h('button', { type: 'button', class: 'button', onclick: verify }, icon('check'), 'Verify'),
        can('operator') && h('button', { type: 'button', class: 'button', onclick: exportAll }, icon('down'), 'Export'),
        h('button', { type: 'button', class: 'button ghost square', 'aria-label': 'Refresh', title: 'Refresh', onclick: reload }, icon('refresh'))),
      h('p', { class: 'lead' }, 'Every write and every use of a key. What was written is never in here.'), verdict, body),
  };

  function draw() {
    if (state.lines.length === 0) {
      replace(body, h('div', { class: 'table-frame' }, h('div', { class: 'empty' }, h('h2', null, 'Nothing was done yet'))));
      return;
    }
    const columns = ['Time', 'Action', 'About', 'Key', { title: 'Status', style: 'right' }, { title: 'From', style: 'wide-only' }];
    replace(body, table('Lines of the audit log', all.checked ? ['Tenant', ...columns] : columns, state.lines.map((line) => row(line, all.checked)), 'audit'),
      state.from > 0 && h('div', { class: 'page-more' }, h('button', { type: 'button', class: 'button', onclick: older }, 'Load older')));
  }

  async function reload() {
    await guard(async () => {
      await begin(state);
      draw();
    });
  }

  async function older(event) {
    event.target.disabled = true;
    await guard(async () => {
      await readBack(state);
      draw();
    });
  }

  async function verify() {
    replace(verdict, h('p', { class: 'lead' }, 'Following the chain…'));
    await guard(async () => {
      const found = await get('/v1/admin/audit/verify');
      replace(verdict, found.is_whole
        ? h('p', { class: 'lead' }, h('span', { class: 'chip good' }, icon('check'), 'whole'), ` ${plural(found.lines, 'line')}, none edited, taken away or moved. Hash of line ${count(found.head)}: `, h('code', { class: 'hash' }, found.head_hash))
        : h('p', { class: 'lead' }, h('span', { class: 'chip danger' }, icon('warn'), 'broken'), ` ${found.faults.map((fault) => `after line ${fault.after}: ${fault.what}`).join('; ')}`));
    });
  }

  async function exportAll() {
    await guard(async () => save(await (await send('GET', '/v1/admin/audit/export')).blob(), 'audit.ndjson'));
  }

  async function guard(work) {
    try {
      await work();
    } catch (error) {
      replace(verdict, problemBox(asProblem(error)));
    }
  }
}

function row(line, withTenant) {
  const failed = line.status >= 400;
  return h('tr', null,
    withTenant && h('td', null, line.tenant ?? h('span', { class: 'muted' }, 'none')),
    h('td', { class: 'muted' }, exactTime(line.time)),
    h('td', null, line.action, line.count > 1 && h('span', { class: 'muted' }, ` × ${count(line.count)}`)),
    h('td', null, line.target ?? ''),
    h('td', null, line.key && h('code', null, line.key), line.key && line.key === whoami().key_id && h('span', { class: 'muted' }, ' this one')),
    h('td', { class: 'right number' }, line.status && h('span', { class: failed ? 'chip danger' : 'muted' }, String(line.status))),
    h('td', { class: 'muted wide-only' }, line.address ?? ''));
}

/** The log is read from old to new, so its end is looked for: further and further, then closer and closer. */
async function begin(state) {
  let [known, beyond] = [0, PageSize];
  while (await hasAfter(state, beyond)) [known, beyond] = [beyond, beyond * 2];
  while (beyond - known > PageSize) {
    const middle = Math.floor((known + beyond) / 2);
    if (await hasAfter(state, middle)) known = middle;
    else beyond = middle;
  }
  state.lines = [];
  state.from = beyond;
  await readBack(state);
}

async function hasAfter(state, line) {
  const page = await get(`${state.path}?after=${line}&limit=1`);
  return page.items.length > 0 || Boolean(page.next_after);
}

/** Windows of the log, one before the other, until there are enough lines for a page. */
async function readBack(state) {
  const wanted = state.lines.length + Enough;
  while (state.from > 0 && state.lines.length < wanted) {
    const start = Math.max(0, state.from - PageSize);
    const page = await get(`${state.path}?after=${start}&limit=${PageSize}`);
    state.lines.push(...page.items.filter((line) => line.seq <= state.from).reverse());
    state.from = start;
  }
}
