// All memories: find one, see what it costs, make a new one.
import { get, post, send, writeKey } from '../api.js';
import { memoryAddress } from '../addresses.js';
import { passphraseHeader } from '../archive.js';
import { h, replace } from '../dom.js';
import { bytes, count, plural, time } from '../format.js';
import { can } from '../session.js';
import { announce } from '../parts/announce.js';
import { field, openDialog, textField, valueOf } from '../parts/dialog.js';
import { icon } from '../parts/icons.js';
import { asProblem, problemBox } from '../parts/problem.js';
import { frame } from '../parts/table.js';

const PageSize = 200;

/** Reading on by itself ends here; a button reads more. */
const MaxLoaded = 2000;

const Columns = [
  ['id', 'Memory', ''],
  ['version', 'Head', 'right'],
  ['writes', 'Writes', 'right wide-only'],
  ['owned_bytes', 'Size', 'right'],
  ['updated_at', 'Changed', ''],
  ['created_at', 'Created', 'wide-only'],
];

export async function memoriesView() {
  const state = { items: [], cursor: null, sort: 'updated_at', isRising: false, needle: '' };
  await readMore(state);
  const body = h('div');
  const search = h('input', {
    type: 'search', class: 'input', 'aria-label': 'Search memories by id', placeholder: 'Search', spellcheck: 'false',
    oninput: () => { state.needle = search.value.trim().toLowerCase(); draw(); },
  });
  const element = h('div', { class: 'page' },
    h('div', { class: 'page-head' },
      h('h1', null, 'Memories'),
      h('div', { class: 'search' }, icon('search'), search),
      can('writer') && h('button', { type: 'button', class: 'button icon-only-when-narrow', onclick: importMemory }, icon('up'), 'Import'),
      can('writer') && h('button', { type: 'button', class: 'button primary', onclick: createMemory }, icon('plus'), 'New memory')),
    body);
  draw();
  return { element, title: 'Memories' };

  function draw() {
    const found = arrange(state);
    if (state.items.length === 0) replace(body, noMemories());
    else replace(body, summary(state, found), table(state, found, draw), more());
  }

  function more() {
    return state.cursor && h('div', { class: 'page-more' }, h('button', { type: 'button', class: 'button', onclick: load }, 'Load more'));
  }

  async function load(event) {
    event.target.disabled = true;
    try {
      await readMore(state);
      draw();
    } catch (error) {
      event.target.replaceWith(problemBox(asProblem(error), load));
    }
  }
}

function noMemories() {
  return h('div', { class: 'table-frame' }, h('div', { class: 'empty' },
    h('h2', null, 'No memories yet'),
    h('p', null, 'A memory holds what the model has been told for one user, agent or conversation. Make one, give it text, ask it.'),
    can('writer') && h('button', { type: 'button', class: 'button primary', onclick: createMemory }, icon('plus'), 'New memory')));
}

function summary(state, found) {
  const size = found.reduce((sum, memory) => sum + memory.owned_bytes, 0);
  const what = state.needle ? `${count(found.length)} of ${plural(state.items.length, 'memory', 'memories')}` : plural(found.length, 'memory', 'memories');
  return h('p', { class: 'lead', role: 'status' }, `${what}${state.cursor ? ' loaded' : ''}, ${bytes(size)}`);
}

function table(state, found, draw) {
  return frame('Memories', h('table', { class: 'table' },
    h('thead', null, h('tr', null, Columns.map(([name, title, style]) => {
      const isSorted = state.sort === name;
      return h('th', { class: style, scope: 'col', 'aria-sort': isSorted ? (state.isRising ? 'ascending' : 'descending') : null },
        h('button', { type: 'button', class: 'sort', onclick: () => sortBy(state, name, draw), 'data-sort': name }, title, isSorted && (state.isRising ? ' ↑' : ' ↓')));
    }))),
    h('tbody', null, found.map(row))));
}

function row(memory) {
  return h('tr', null,
    h('td', null, h('a', { class: 'memory-link', href: memoryAddress(memory.id) }, memory.id)),
    h('td', { class: 'right number' }, `v${memory.version}`),
    h('td', { class: 'right number wide-only' }, count(memory.writes)),
    h('td', { class: 'right number' }, bytes(memory.owned_bytes)),
    h('td', { class: 'muted' }, time(memory.updated_at)),
    h('td', { class: 'muted wide-only' }, time(memory.created_at)));
}

function sortBy(state, name, draw) {
  state.isRising = state.sort === name ? !state.isRising : name === 'id';
  state.sort = name;
  draw();
  document.querySelector(`[data-sort="${name}"]`).focus();
}

function arrange(state) {
  const found = state.items.filter((memory) => memory.id.toLowerCase().includes(state.needle));
  const sign = state.isRising ? 1 : -1;
  return found.sort((a, b) => sign * (a[state.sort] < b[state.sort] ? -1 : a[state.sort] > b[state.sort] ? 1 : 0));
}

async function readMore(state) {
  const limit = state.items.length + MaxLoaded;
  do {
    const page = await get(`/v1/memories?limit=${PageSize}${state.cursor ? `&cursor=${encodeURIComponent(state.cursor)}` : ''}`);
    state.items.push(...page.items);
    state.cursor = page.next_cursor ?? null;
  } while (state.cursor && state.items.length < limit);
}

async function createMemory() {
  const key = writeKey();
  const created = await openDialog({
    title: 'New memory',
    fields: [textField('Id', 'id', { maxlength: 128, placeholder: 'alice', hint: '1 to 128 letters, digits or . _ : @ -. Left empty, the server makes one.' })],
    action: 'Create',
  }, (form) => post('/v1/memories', { id: valueOf(form, 'id') }, { headers: { 'Idempotency-Key': key } }));
  if (!created) return;
  announce(`Memory ${created.id} was created`);
  location.hash = memoryAddress(created.id, { tab: 'add' });
}

async function importMemory() {
  const file = h('input', { type: 'file', name: 'file', class: 'input', accept: '.latentdb,application/octet-stream' });
  const created = await openDialog({
    title: 'Import a memory',
    intro: h('p', null, 'Makes a new memory of an archive that an export gave. It is visible when all of it is verified.'),
    fields: [
      field('Archive', file),
      textField('Id of the new memory', 'id', { maxlength: 128, hint: 'Left empty, the server makes one.' }),
      field('Passphrase', h('input', { type: 'password', name: 'passphrase', class: 'input', autocomplete: 'off' }), 'Only if the archive was sealed with one.'),
    ],
    action: 'Import',
    check: () => file.files.length === 1,
  }, async (form, report) => {
    const id = valueOf(form, 'id');
    report(`Sending ${bytes(file.files[0].size)}…`);
    const headers = { 'Content-Type': 'application/vnd.latentdb.archive', ...passphraseHeader(form.elements.passphrase.value) };
    const response = await send('POST', `/v1/memories/import${id ? `?id=${encodeURIComponent(id)}` : ''}`, { headers, body: file.files[0] });
    return response.json();
  });
  if (!created) return;
  announce(`Memory ${created.id} was imported`);
  location.hash = memoryAddress(created.id);
}
