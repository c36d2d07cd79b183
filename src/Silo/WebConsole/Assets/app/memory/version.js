// What the chosen version is: its text, its facts, its snapshots.
import { del, memoryPath } from '../api.js';
import { h, replace } from '../dom.js';
import { bytes, count, exactTime } from '../format.js';
import { can } from '../session.js';
import { announce } from '../parts/announce.js';
import { icon } from '../parts/icons.js';
import { asProblem, problemBox } from '../parts/problem.js';
import { memoryAddress } from '../addresses.js';
import { causeOf } from './labels.js';

export function versionPanel(state, go) {
  const element = h('div', { class: 'version-panel' });
  let shown = null;
  state.addEventListener('changed', draw);
  draw();
  return element;

  async function draw() {
    const mine = {};
    shown = mine;
    try {
      const version = await state.find(state.at);
      if (shown === mine) replace(element, ...content(version));
    } catch (error) {
      if (shown === mine) replace(element, problemBox(asProblem(error), draw));
    }
  }

  function content(version) {
    const text = h('div', { class: 'text-frame' });
    showText(version, text);
    return [
      h('div', { class: 'version-title' }, h('h2', null, causeOf(version)),
        version.parent && h('button', { type: 'button', class: 'button small', onclick: () => go({ version: state.chosen, tab: 'compare', from: version.parent }) }, icon('swap'), `Compare with v${version.parent}`)),
      text,
      snapshots(version),
      facts(version),
    ];
  }

  async function showText(version, frame) {
    if (!version.has_text) {
      replace(frame, h('p', { class: 'muted' }, version.cause === 'inject' ? 'The text of this version was not kept.' : 'This version added no text.'));
      return;
    }
    try {
      replace(frame, h('pre', { class: 'text', tabindex: '0', 'aria-label': 'Text of the version' }, await state.texts.read(version)));
    } catch (error) {
      replace(frame, problemBox(asProblem(error), () => showText(version, frame)));
    }
  }

  function snapshots(version) {
    const names = state.snapshotsOf(version.version);
    return names.length > 0 && h('div', { class: 'group' }, h('h3', null, 'Snapshots'), h('ul', { class: 'snapshot-list' }, names.map((snapshot) =>
      h('li', null, icon('pin'), h('span', null, snapshot.name), h('span', { class: 'muted' }, exactTime(snapshot.created_at)),
        can('writer') && h('button', { type: 'button', class: 'button ghost small risky', 'aria-label': `Take the name ${snapshot.name} away`, onclick: () => unname(snapshot) }, 'Remove')))));
  }

  async function unname(snapshot) {
    try {
      await del(memoryPath(state.id, `/snapshots/${encodeURIComponent(snapshot.name)}`));
      announce(`Snapshot ${snapshot.name} was removed; v${snapshot.version} itself stays`);
      await state.load();
    } catch (error) {
      announce(`${asProblem(error).title}: ${asProblem(error).detail}`);
    }
  }

  function facts(version) {
    const source = version.forked_from;
    return h('dl', { class: 'fact-list' },
      fact('Committed', exactTime(version.committed_at)),
      version.parent && fact('Before it', `v${version.parent}`),
      source && fact('Forked from', h('a', { href: memoryAddress(source.id, { version: source.version }) }, `${source.id} v${source.version}`)),
      version.tokens > 0 && fact('Tokens', count(version.tokens)),
      version.chunks > 0 && fact('Chunks', count(version.chunks)),
      fact('Writes in its line', count(version.writes)),
      version.block_bytes > 0 && fact('Added', bytes(version.block_bytes)),
      fact('Model', h('code', null, version.model)),
      version.cause === 'inject' && fact('Seed', h('code', null, String(version.seed))),
      version.author && fact('Written with key', h('code', null, version.author)),
      version.idempotency_key && fact('Idempotency key', h('code', null, version.idempotency_key)),
      version.metadata && fact('Metadata', h('pre', null, JSON.stringify(version.metadata, null, 2))));
  }
}

const fact = (name, value) => h('div', null, h('dt', null, name), h('dd', null, value));
