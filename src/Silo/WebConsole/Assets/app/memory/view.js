// One memory: its timeline on one side; on the other what one does with the version that is chosen there.
import { h, replace } from '../dom.js';
import { bytes, count, plural, time } from '../format.js';
import { can } from '../session.js';
import { memoryAddress } from '../addresses.js';
import { icon } from '../parts/icons.js';
import { announce } from '../parts/announce.js';
import { asProblem } from '../parts/problem.js';
import { tabs } from '../parts/tabs.js';
import { MemoryState } from './state.js';
import { timeline } from './timeline.js';
import { askPanel } from './ask.js';
import { versionPanel } from './version.js';
import { comparePanel } from './compare.js';
import { addPanel } from './add.js';
import { eraseMemory, exportMemory, forkVersion, rollBack, snapshotVersion } from './dialogs.js';

/** Below this width the timeline is a tab among the others. */
const narrow = matchMedia('(max-width: 900px)');

export async function memoryView(place) {
  const state = new MemoryState(place.id);
  await state.load();
  state.choose(wanted(place) ?? state.head);

  const go = (change) => { location.hash = memoryAddress(state.id, { version: state.chosen, tab: bar.current, ...change }); };
  const head = h('header', { class: 'memory-head' });
  const scope = h('div', { class: 'scope' });
  const rail = timeline(state, (number) => go({ version: number === state.head ? null : number, tab: bar.current === 'versions' ? 'version' : bar.current }));
  const compare = comparePanel(state, go);
  const aside = h('section', { class: 'rail', 'aria-label': 'Versions' }, rail.element);
  const bar = tabs('What to do with the version', [
    { name: 'versions', title: 'Versions', panel: h('div', { class: 'rail-slot' }) },
    { name: 'ask', title: 'Ask', panel: askPanel(state, go) },
    { name: 'version', title: 'Version', panel: versionPanel(state, go) },
    { name: 'compare', title: 'Compare', panel: compare.element },
    can('writer') && { name: 'add', title: 'Add text', panel: addPanel(state) },
  ].filter(Boolean), (name) => go({ tab: name }));
  const element = h('div', { class: 'memory' }, head,
    h('div', { class: 'memory-body' }, aside, h('section', { class: 'pane', 'aria-label': 'Version' }, scope, bar.element)));

  const draw = () => {
    replace(head, ...headOf(state));
    replace(scope, ...scopeOf(state, go));
  };
  const fit = () => {
    const slot = element.querySelector('.rail-slot');
    (narrow.matches ? slot : aside).append(rail.element);
    bar.allow('versions', narrow.matches);
    bar.show(tabOf(place));
  };
  const look = () => { if (document.visibilityState === 'visible') state.load().catch(() => {}); };
  state.addEventListener('changed', draw);
  narrow.addEventListener('change', fit);
  document.addEventListener('visibilitychange', look);
  draw();
  fit();
  compare.prefill(place.query.get('from'));

  return {
    element,
    title: state.id,
    update(next) {
      place = next;
      state.choose(wanted(next) ?? state.head);
      compare.prefill(next.query.get('from'));
      bar.show(tabOf(next));
      return true;
    },
    dispose() {
      narrow.removeEventListener('change', fit);
      document.removeEventListener('visibilitychange', look);
    },
  };
}

const wanted = (place) => Number(place.query.get('v')) || null;

const tabOf = (place) => place.query.get('tab') ?? (narrow.matches ? 'versions' : 'ask');

function headOf(state) {
  const { memory } = state;
  return [
    h('div', { class: 'memory-title' },
      h('a', { class: 'up-link', href: '#/' }, 'Memories'), h('span', { class: 'muted', 'aria-hidden': 'true' }, '/'), h('h1', null, memory.id)),
    h('dl', { class: 'facts' },
      fact('Head', `v${memory.version}`), fact('Writes', count(memory.writes)), fact('Size', bytes(memory.owned_bytes)),
      fact('Changed', time(memory.updated_at)), fact('Model', h('code', null, memory.model), 'wide-only')),
    h('div', { class: 'memory-tools' },
      h('button', { type: 'button', class: 'button ghost icon-only-when-narrow', onclick: () => exportMemory(state) }, icon('down'), 'Export'),
      can('admin') && h('button', { type: 'button', class: 'button ghost risky icon-only-when-narrow', onclick: () => eraseMemory(state) }, icon('trash'), 'Erase'),
      h('button', { type: 'button', class: 'button ghost square', 'aria-label': 'Refresh', title: 'Refresh', onclick: () => refresh(state) }, icon('refresh'))),
  ];
}

const fact = (name, value, style) => h('div', { class: style }, h('dt', null, name), h('dd', { class: 'number' }, value));

function scopeOf(state, go) {
  const behind = state.head - state.at;
  return [
    h('p', { class: 'scope-text' }, h('strong', { class: 'number' }, `v${state.at}`),
      state.isAtHead ? h('span', { class: 'chip accent' }, 'head') : h('span', { class: 'chip warn' }, `${plural(behind, 'version')} behind the head`)),
    !state.isAtHead && h('button', { type: 'button', class: 'button ghost small', onclick: () => go({ version: null }) }, 'Go to head'),
    can('writer') && h('div', { class: 'scope-tools' },
      h('button', { type: 'button', class: 'button small', onclick: () => snapshotVersion(state) }, icon('pin'), 'Snapshot'),
      h('button', { type: 'button', class: 'button small', onclick: () => forkVersion(state) }, icon('fork'), 'Fork'),
      !state.isAtHead && h('button', { type: 'button', class: 'button small', onclick: () => rollBack(state, go) }, icon('back'), 'Roll back to this')),
  ];
}

async function refresh(state) {
  try {
    await state.load();
    announce('Refreshed', { isQuiet: true });
  } catch (error) {
    announce(asProblem(error).title);
  }
}
