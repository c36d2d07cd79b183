// What became of the memory between two versions: texts that came and went, and rows per layer.
import { get, memoryPath } from '../api.js';
import { h, replace } from '../dom.js';
import { count, exactTime, plural } from '../format.js';
import { field } from '../parts/dialog.js';
import { icon } from '../parts/icons.js';
import { asProblem, problemBox } from '../parts/problem.js';
import { table } from '../parts/table.js';
import { asText } from './texts.js';

const PoolParts = [['retained', 'kept', 1], ['added', 'added', 3], ['revived', 'revived', 4]];
const GoneParts = [['dropped_to_bank', 'moved to the bank', 2], ['lost', 'forgotten', 5]];

export function comparePanel(state, go) {
  const listId = `versions-of-${Math.random().toString(36).slice(2)}`;
  const names = h('datalist', { id: listId });
  const from = h('input', { class: 'input', list: listId, spellcheck: 'false', autocomplete: 'off' });
  const to = h('input', { class: 'input', list: listId, spellcheck: 'false', autocomplete: 'off' });
  const result = h('div', { class: 'compare-result', 'aria-live': 'polite' });
  let last = '';
  const form = h('form', { class: 'compare-form', novalidate: true, onsubmit: (event) => { event.preventDefault(); run(); } },
    field('From', from), field('To', to), names,
    h('button', { type: 'button', class: 'button square', 'aria-label': 'Swap the two versions', title: 'Swap', onclick: swap }, icon('swap')),
    h('button', { type: 'submit', class: 'button primary' }, 'Compare'));
  state.addEventListener('changed', () => replace(names, state.snapshots.map((s) => h('option', { value: s.name })), state.list.map((v) => h('option', { value: String(v.version) }))));
  return { element: h('div', { class: 'compare' }, form, result), prefill };

  /** A version behind the head is compared with the head; the head with what was before it. */
  function prefill(wanted) {
    const here = `${wanted}:${state.at}:${state.head}`;
    if (here === last) return;
    last = here;
    const before = state.versions.get(state.at)?.parent;
    from.value = wanted ?? String(state.isAtHead ? before ?? state.at : state.at);
    to.value = String(wanted ? state.at : state.head);
    replace(result, from.value === to.value
      ? h('p', { class: 'muted' }, 'Choose two versions by number, snapshot or time.')
      : h('p', { class: 'muted' }, `Compare v${from.value} with v${to.value}, or type other versions, snapshots or times.`));
    if (wanted) run();
  }

  function swap() {
    [from.value, to.value] = [to.value, from.value];
    run();
  }

  async function run() {
    replace(result, h('p', { class: 'muted' }, 'Comparing…'));
    const query = new URLSearchParams({ from: from.value.trim().replace(/^v(?=\d+$)/, ''), to: to.value.trim().replace(/^v(?=\d+$)/, '') || 'head' });
    try {
      replace(result, ...report(await get(memoryPath(state.id, `/diff?${query}`))));
    } catch (error) {
      replace(result, problemBox(asProblem(error), run));
    }
  }

  function report(diff) {
    const isSame = diff.texts_added.length + diff.texts_removed.length + diff.blocks_added.length + diff.blocks_removed.length === 0;
    return [
      h('h2', null, `From v${diff.from} to v${diff.to}`),
      isSame
        ? h('p', { class: 'muted' }, 'Both hold the same.')
        : h('p', { class: 'muted' }, `${plural(diff.texts_added.length, 'text')} added, ${count(diff.texts_removed.length)} removed. ${sumOf(diff.layers)}`),
      texts(diff.texts_added, 'added', '+'), texts(diff.texts_removed, 'removed', '−'),
      !isSame && rows(diff.layers),
    ];
  }

  function texts(list, style, sign) {
    return list.length > 0 && h('ul', { class: `diff-texts ${style}` }, list.map((entry) => h('li', null,
      h('span', { class: 'diff-sign', 'aria-label': style }, sign),
      h('div', null,
        h('p', { class: 'diff-text' }, entry.text || entry.messages ? asText(entry) : 'The text was not kept.'),
        h('p', { class: 'muted' }, h('button', { type: 'button', class: 'link', onclick: () => go({ version: entry.version, tab: 'version' }) }, `v${entry.version}`),
          ` · ${plural(entry.tokens, 'token')} · `, exactTime(entry.committed_at))))));
  }
}

function sumOf(layers) {
  const sum = (read) => layers.reduce((total, layer) => total + read(layer), 0);
  return `Over all layers ${count(sum((l) => l.pool.added + l.pool.revived))} rows came into the pool, ${count(sum((l) => l.pool.dropped_to_bank))} moved to the bank, ${count(sum((l) => l.pool.lost))} were forgotten.`;
}

function rows(layers) {
  const widest = Math.max(...layers.map((layer) => layer.pool.after + layer.pool.dropped));
  return h('section', { class: 'group' },
    h('h3', null, 'Rows of the pool, layer by layer'),
    h('p', { class: 'latency-caption' }, [...PoolParts, ...GoneParts].map(([, title, colour]) => h('span', { class: 'latency-key' }, h('i', { class: `stage-${colour}`, 'aria-hidden': 'true' }), title))),
    table('Rows of the pool', ['Layer', 'Pool', ...['Kept', 'Added', 'Revived', 'To bank', 'Forgotten', 'Bank'].map((title) => ({ title, style: 'right' }))],
      layers.map((layer) => h('tr', null,
        h('th', { scope: 'row' }, String(layer.layer)),
        h('td', { class: 'layer-cell' }, bar(layer.pool, widest)),
        [layer.pool.retained, layer.pool.added, layer.pool.revived, layer.pool.dropped_to_bank, layer.pool.lost].map((n) => h('td', { class: `right number${n ? '' : ' muted'}` }, count(n))),
        h('td', { class: 'right number' }, `${count(layer.bank.before)} → ${count(layer.bank.after)}`))), 'layers'));
}

function bar(pool, widest) {
  const parts = [...PoolParts, ...GoneParts].filter(([name]) => pool[name] > 0).map(([name, , colour]) => {
    const part = h('i', { class: `stage-${colour}` });
    part.style.width = `${(100 * pool[name]) / widest}%`;
    return part;
  });
  return h('div', { class: 'layer-bar', 'aria-hidden': 'true' }, parts);
}
