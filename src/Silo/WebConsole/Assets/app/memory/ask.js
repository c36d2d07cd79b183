// Asks the model with the chosen version, shows the answer as it comes, and then where it came from and where the time went.
import { memoryPath, stream } from '../api.js';
import { freshId, h, replace } from '../dom.js';
import { count, milliseconds, plural } from '../format.js';
import { announce } from '../parts/announce.js';
import { icon } from '../parts/icons.js';
import { asProblem, problemBox } from '../parts/problem.js';
import { latencyBar } from '../parts/latency.js';
import { field } from '../parts/dialog.js';
import { rowsByVersion } from './lineage.js';
import { causeOf } from './labels.js';

export function askPanel(state, go) {
  const turns = [];
  const log = h('div', { class: 'turns', role: 'log', 'aria-live': 'off', 'aria-label': 'Questions and answers', tabindex: '0' });
  const question = h('textarea', { class: 'input', rows: 2, 'aria-label': 'Question', placeholder: 'Ask this version…', onkeydown: submitOnEnter });
  const button = h('button', { type: 'submit', class: 'button primary' }, 'Ask');
  const settings = settingsOf();
  const form = h('form', { class: 'composer', novalidate: true, onsubmit: submit },
    h('div', { class: 'composer-row' }, question, button), settings.element);
  let running = null;
  const invite = () => { question.placeholder = `Ask v${state.at}${state.isAtHead ? '' : ', as it was then'}…`; };
  state.addEventListener('changed', invite);
  invite();
  replace(log, intro());
  return h('div', { class: 'ask' }, log, form);

  function intro() {
    return h('div', { class: 'empty' }, h('h2', null, 'Ask this memory'),
      h('p', null, 'Every question reads one version and changes nothing. Choose another version on the timeline to ask the past.'));
  }

  function submitOnEnter(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  }

  async function submit(event) {
    event.preventDefault();
    if (running) {
      running.abort();
      return;
    }
    const text = question.value.trim();
    if (text === '') {
      question.focus();
      return;
    }
    question.value = '';
    await ask(text);
  }

  async function ask(text) {
    if (turns.length === 0) replace(log);
    const turn = drawTurn(text, state.at);
    const earlier = settings.keepsTalk() ? turns.flatMap((t) => [{ role: 'user', content: t.text }, { role: 'assistant', content: t.answer }]) : [];
    log.append(turn.element);
    log.scrollTop = log.scrollHeight;
    running = new AbortController();
    replace(button, 'Stop');
    try {
      const answer = await run(turn, { ...settings.body(text, earlier), at: String(state.at), stream: true }, running.signal);
      turn.finish(answer);
      if (answer.text !== '') turns.push({ text, answer: answer.text });
      announce(`Answer: ${answer.text || 'nothing'}`, { isQuiet: true });
    } catch (error) {
      if (error.name === 'AbortError') turn.stop();
      else turn.fail(asProblem(error));
    }
    running = null;
    replace(button, 'Ask');
    log.scrollTop = log.scrollHeight;
  }

  async function run(turn, body, signal) {
    const start = performance.now();
    let first = null;
    const answer = await stream(memoryPath(state.id, '/query'), body, {
      signal,
      onEvent(name, data) {
        if (name !== 'token') return;
        first ??= performance.now() - start;
        turn.write(data.text);
        log.scrollTop = log.scrollHeight;
      },
    });
    return { ...answer, firstTokenMs: first, totalMs: performance.now() - start };
  }

  function drawTurn(text, version) {
    const words = h('span');
    const caret = h('span', { class: 'caret', 'aria-hidden': 'true' });
    const below = h('div', { class: 'turn-below' });
    const element = h('article', { class: 'turn', 'aria-busy': 'true' },
      h('p', { class: 'turn-question' }, text),
      h('p', { class: 'turn-answer' }, words, caret),
      below);
    const end = () => {
      caret.remove();
      element.removeAttribute('aria-busy');
    };
    return {
      element,
      write: (piece) => words.append(piece),
      finish(answer) {
        end();
        if (answer.text === '') words.append(h('span', { class: 'muted' }, 'The model answered nothing.'));
        replace(below, ...evidence(answer, text));
      },
      stop() {
        end();
        replace(below, h('p', { class: 'muted' }, `Stopped. Read v${version}.`));
      },
      fail(problem) {
        end();
        replace(below, problemBox(problem, () => { element.remove(); ask(text); }));
      },
    };
  }

  function evidence(answer, text) {
    const total = answer.retrieved.blocks.reduce((sum, block) => sum + block.rows, 0);
    return [
      h('p', { class: 'turn-facts' },
        h('button', { type: 'button', class: 'chip accent press', onclick: () => go({ version: answer.version, tab: 'version' }) }, `read v${answer.version}`),
        ` ${plural(answer.usage.completion_tokens, 'token')} from ${plural(answer.usage.prompt_tokens, 'prompt token')}, first after ${milliseconds(answer.firstTokenMs ?? answer.totalMs)}`,
        answer.finish_reason === 'length' && h('span', { class: 'chip warn' }, 'cut at the token limit'),
        h('button', { type: 'button', class: 'button ghost small', onclick: () => ask(text) }, icon('refresh'), 'Ask again')),
      latencyBar(answer.timings_ms, answer.totalMs),
      total > 0 && h('details', { class: 'retrieved' },
        h('summary', null, `Retrieved ${plural(total, 'row')} of the long-term bank`), sources(answer, total)),
    ];
  }

  function sources(answer, total) {
    return h('ul', { class: 'sources' }, rowsByVersion(state.versions, answer.version, answer.retrieved.blocks).map(({ writer, rows }) => {
      const fill = h('i');
      fill.style.width = `${(100 * rows) / total}%`;
      const version = state.versions.get(writer);
      const name = version
        ? h('button', { type: 'button', class: 'link', onclick: () => go({ version: writer, tab: 'version' }) }, `v${writer}`)
        : h('span', { class: 'muted' }, writer === 'model' ? 'model' : 'older');
      const what = h('span', { class: 'source-text' }, version ? causeOf(version) : writer === 'model' ? 'Rows that every memory begins with' : 'Versions that are not loaded');
      if (version?.has_text) state.texts.read(version).then((words) => replace(what, words.slice(0, 160)), () => {});
      return h('li', null, name, what, h('span', { class: 'source-bar', 'aria-hidden': 'true' }, fill), h('span', { class: 'number right' }, count(rows)));
    }));
  }
}

function settingsOf() {
  const maxTokens = h('input', { type: 'number', class: 'input', min: 1, max: 1024, value: '64' });
  const temperature = h('input', { type: 'number', class: 'input', min: 0, max: 2, step: '0.1', value: '0' });
  const seed = h('input', { type: 'number', class: 'input', min: 0, value: '0' });
  const mode = h('select', { class: 'input' }, h('option', { value: 'ask' }, 'Question'), h('option', { value: 'continue' }, 'Continue the text'));
  const talk = h('input', { type: 'checkbox', id: freshId('talk') });
  return {
    element: h('details', { class: 'settings' }, h('summary', null, 'Settings'),
      h('div', { class: 'settings-fields' }, field('As', mode), field('Tokens at most', maxTokens), field('Temperature', temperature), field('Seed', seed),
        h('div', { class: 'choice' }, talk, h('label', { for: talk.id }, 'Send the turns before')))),
    keepsTalk: () => talk.checked,
    body(text, earlier) {
      const options = { max_tokens: Number(maxTokens.value), temperature: Number(temperature.value), seed: Number(seed.value) };
      return mode.value === 'continue' ? { prompt: text, ...options } : { messages: [...earlier, { role: 'user', content: text }], ...options };
    },
  };
}
