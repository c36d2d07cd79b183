// Text into the memory: typed, pasted, or from files. One write after the other, in the order in which they were given; each becomes a version.
import { memoryPath, post, writeKey } from '../api.js';
import { freshId, h, replace } from '../dom.js';
import { bytes, milliseconds, plural } from '../format.js';
import { announce } from '../parts/announce.js';
import { icon } from '../parts/icons.js';
import { asProblem, problemBox } from '../parts/problem.js';
import { splitText } from './split.js';

const MaxFileBytes = 32 << 20;

export function addPanel(state) {
  const queue = [];
  let isRunning = false;
  const text = h('textarea', { class: 'input', rows: 6, 'aria-label': 'Text to add', placeholder: 'Paste or type what this memory shall hold…' });
  const files = h('input', { type: 'file', id: freshId('files'), class: 'visually-hidden', multiple: true, onchange: () => { take(files.files); files.value = ''; } });
  const drop = h('div', { class: 'drop' }, icon('file'), h('p', null, 'Drop text files here, or ', h('label', { class: 'link', for: files.id }, 'choose files'), files, '. Each becomes a version of its own.'));
  const list = h('ul', { class: 'queue', 'aria-label': 'What was added' });
  const form = h('form', { class: 'add-form', novalidate: true, onsubmit: submit }, text, h('div', { class: 'add-tools' },
    h('p', { class: 'hint' }, 'Written on top of the head. Texts under a chunk’s length are repeated until they are long enough.'),
    h('button', { type: 'submit', class: 'button primary' }, 'Add text')));
  const element = h('div', { class: 'add' }, form, drop, list);
  for (const name of ['dragenter', 'dragover']) element.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add('over'); });
  for (const name of ['dragleave', 'drop']) element.addEventListener(name, () => drop.classList.remove('over'));
  element.addEventListener('drop', (event) => { event.preventDefault(); take(event.dataTransfer.files); });
  return element;

  function submit(event) {
    event.preventDefault();
    const value = text.value.trim();
    if (value === '') {
      text.focus();
      return;
    }
    text.value = '';
    enqueue('Typed text', value, undefined);
  }

  async function take(chosen) {
    for (const file of [...chosen]) {
      if (file.size > MaxFileBytes) {
        refuse(file, `It has ${bytes(file.size)}; the console takes files up to ${bytes(MaxFileBytes)}. Use “latentdb inject” for larger ones.`);
        continue;
      }
      try {
        const content = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
        if (content.trim() === '') refuse(file, 'It is empty.');
        else enqueue(file.name, content, { source: file.name });
      } catch {
        refuse(file, 'It is not UTF-8 text.');
      }
    }
  }

  function refuse(file, detail) {
    const item = draw(file.name);
    item.fail({ title: 'The file was not added', detail, code: 'file', remedy: 'fix_request', requestId: null });
  }

  function enqueue(name, content, metadata) {
    const parts = splitText(content);
    parts.forEach((part, i) => {
      const item = draw(parts.length > 1 ? `${name} (${i + 1} of ${parts.length})` : name, part.length);
      queue.push({ item, text: part, metadata, key: writeKey() });
    });
    run();
  }

  async function run() {
    if (isRunning) return;
    isRunning = true;
    while (queue.length > 0) await write(queue.shift());
    isRunning = false;
    await state.load().catch(() => {});
  }

  async function write(entry) {
    entry.item.start();
    const start = performance.now();
    try {
      const answer = await post(memoryPath(state.id, '/inject'), { text: entry.text, metadata: entry.metadata }, { headers: { 'Idempotency-Key': entry.key } });
      entry.item.finish(answer, performance.now() - start);
      announce(`Added as version ${answer.version}`, { isQuiet: true });
      if (queue.length > 0) return;
      await state.load();
    } catch (error) {
      entry.item.fail(asProblem(error), () => { queue.push(entry); run(); });
    }
  }

  function draw(name, length) {
    const status = h('span', { class: 'queue-status muted' }, 'waiting');
    const below = h('div');
    const element = h('li', { class: 'queue-item' },
      h('div', { class: 'queue-row' }, icon('file'), h('span', { class: 'queue-name' }, name), length !== undefined && h('span', { class: 'muted number' }, `${plural(length, 'character')}`), status), below);
    list.prepend(element);
    return {
      start() {
        replace(status, 'writing…');
        replace(below);
      },
      finish(answer, ms) {
        const speed = Math.round(answer.tokens / (ms / 1000));
        replace(status, h('span', { class: 'chip good' }, icon('check'), `v${answer.version}`), ` ${plural(answer.tokens, 'token')} in ${milliseconds(ms)}, ${speed} tokens/s`);
      },
      fail(problem, retry) {
        replace(status, h('span', { class: 'chip danger' }, 'failed'));
        replace(below, problemBox(problem, retry));
      },
    };
  }
}
