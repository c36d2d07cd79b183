// Tabs as the ARIA practices want them: one stop for the Tab key, arrows between them.
import { freshId, h } from '../dom.js';

/**
 * @param {string} label What the tabs are for.
 * @param {{name: string, title: string, panel: HTMLElement}[]} entries
 * @param {(name: string) => void} onChoose A person chose another.
 */
export function tabs(label, entries, onChoose) {
  const parts = entries.map(({ name, title, panel }) => {
    const id = freshId('tab');
    const button = h('button', { type: 'button', role: 'tab', id, class: 'tab', 'aria-controls': `${id}-panel`, onclick: () => onChoose(name) }, title);
    const frame = h('div', { role: 'tabpanel', id: `${id}-panel`, class: `tab-panel panel-${name}`, 'aria-labelledby': id }, panel);
    return { name, button, frame };
  });
  const list = h('div', { role: 'tablist', class: 'tabs', 'aria-label': label, onkeydown: move }, parts.map((part) => part.button));
  const api = { element: h('div', { class: 'tabbed' }, list, parts.map((part) => part.frame)), current: null, show, allow };
  return api;

  function show(name) {
    const allowed = parts.filter((part) => !part.button.hidden);
    const chosen = allowed.find((part) => part.name === name) ?? allowed[0];
    api.current = chosen.name;
    for (const part of parts) {
      const isChosen = part === chosen;
      part.button.setAttribute('aria-selected', isChosen);
      part.button.tabIndex = isChosen ? 0 : -1;
      part.frame.hidden = !isChosen;
    }
  }

  function allow(name, isAllowed) {
    const part = parts.find((p) => p.name === name);
    part.button.hidden = !isAllowed;
    if (!isAllowed) part.frame.hidden = true;
  }

  function move(event) {
    const allowed = parts.filter((part) => !part.button.hidden);
    const here = allowed.findIndex((part) => part.name === api.current);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: allowed.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const part = allowed[(next + allowed.length) % allowed.length];
    onChoose(part.name);
    part.button.focus();
  }
}
