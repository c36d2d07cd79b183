// Versions, newest first, on a rail. Those whose writes the head contains stand on it; those that a rollback left behind stand beside it.
import { h, replace } from '../dom.js';
import { time } from '../format.js';
import { icon } from '../parts/icons.js';
import { announce } from '../parts/announce.js';
import { asProblem } from '../parts/problem.js';
import { causeOf, sizeOf } from './labels.js';

const MaxPreview = 120;

/** @param {(number: number) => void} choose */
export function timeline(state, choose) {
  const list = h('ol', { class: 'versions', onkeydown: move });
  const more = h('div', { class: 'page-more' });
  const filter = h('input', { type: 'search', class: 'input', 'aria-label': 'Search versions by text, number or snapshot', placeholder: 'Search versions', oninput: draw });
  const previews = new Map();
  const seen = new IntersectionObserver(preview, { rootMargin: '120px' });
  state.addEventListener('changed', draw);
  draw();
  return { element: h('div', { class: 'rail-inner' }, h('div', { class: 'search rail-search' }, icon('search'), filter), list, more) };

  function draw() {
    const hadFocus = list.contains(document.activeElement) ? document.activeElement.dataset.version : null;
    const line = state.lineOfHead();
    const needle = filter.value.trim().toLowerCase();
    seen.disconnect();
    const shown = state.list.filter((version) => matches(version, needle));
    replace(list, shown.map((version) => item(version, line.has(version.version))));
    for (const button of list.querySelectorAll('button')) seen.observe(button);
    replace(more,
      shown.length === 0 && h('p', { class: 'muted' }, 'No version matches.'),
      state.cursor && h('button', { type: 'button', class: 'button small', onclick: older }, 'Load older versions'));
    if (hadFocus) list.querySelector(`[data-version="${hadFocus}"]`)?.focus();
  }

  function item(version, isOnLine) {
    const isHead = version.version === state.head;
    const isChosen = version.version === state.at;
    const known = h('span', { class: 'version-text' });
    const button = h('button', {
      type: 'button', class: 'version', 'data-version': version.version, 'aria-current': isChosen ? 'true' : null, tabindex: isChosen ? 0 : -1,
      onclick: () => choose(version.version),
    },
    h('span', { class: 'version-top' },
      h('span', { class: 'version-number number' }, `v${version.version}`),
      h('span', { class: 'version-cause' }, causeOf(version)),
      isHead && h('span', { class: 'chip accent' }, 'head'),
      !isOnLine && h('span', { class: 'chip' }, 'left behind')),
    known,
    h('span', { class: 'version-foot' }, [time(version.committed_at), sizeOf(version)].filter(Boolean).flatMap((part, i) => (i ? [' · ', part] : [part]))),
    state.snapshotsOf(version.version).map((snapshot) => h('span', { class: 'chip snapshot' }, icon('pin'), snapshot.name)));
    return h('li', { class: `stop ${version.cause}${isOnLine ? '' : ' off-line'}${isChosen ? ' chosen' : ''}` }, button);
  }

  function matches(version, needle) {
    if (needle === '') return true;
    const words = [`v${version.version}`, causeOf(version), previews.get(version.version) ?? '', ...state.snapshotsOf(version.version).map((s) => s.name)];
    return words.some((word) => word.toLowerCase().includes(needle));
  }

  async function preview(entries) {
    for (const entry of entries.filter((e) => e.isIntersecting)) {
      seen.unobserve(entry.target);
      const version = state.versions.get(Number(entry.target.dataset.version));
      if (version?.has_text) showText(entry.target, version);
    }
  }

  async function showText(button, version) {
    try {
      const text = (await state.texts.read(version)).replace(/\s+/g, ' ').trim();
      previews.set(version.version, text);
      replace(button.querySelector('.version-text'), text.length > MaxPreview ? `${text.slice(0, MaxPreview)}…` : text);
    } catch {
      // The line of the version says enough; its own pane shows what is wrong with the text.
    }
  }

  async function older(event) {
    event.target.disabled = true;
    try {
      await state.loadOlder();
    } catch (error) {
      announce(asProblem(error).title);
      event.target.disabled = false;
    }
  }

  function move(event) {
    const buttons = [...list.querySelectorAll('button')];
    const here = buttons.indexOf(document.activeElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (next === undefined || here < 0) return;
    event.preventDefault();
    buttons[Math.max(0, Math.min(next, buttons.length - 1))].focus();
  }
}

