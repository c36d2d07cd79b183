// Asks for a key and shows why one was refused.
import { get } from '../api.js';
import { h, replace } from '../dom.js';
import { forget, remember } from '../session.js';
import { field } from '../parts/dialog.js';
import { asProblem, problemBox } from '../parts/problem.js';

/** @param {object|null} problem Why the last key was refused. @param {() => void} begin Goes on once a key is good. */
export function signInView(problem, begin) {
  const trouble = h('div', null, problem && problemBox(problem));
  const input = h('input', { type: 'password', name: 'key', class: 'input mono', required: true, autocomplete: 'off', spellcheck: 'false', placeholder: 'ldb_…' });
  const button = h('button', { type: 'submit', class: 'button primary' }, 'Sign in');
  return h('div', { class: 'sign-in' },
    h('h1', null, 'Sign in'),
    h('form', { novalidate: true, onsubmit: signIn },
      field('API key', input, 'It stays in this tab and is gone when the tab is closed.'), trouble, button),
    h('p', { class: 'hint' }, 'Who administers your tenant makes keys: here, under Keys, or with the command line.'));

  async function signIn(event) {
    event.preventDefault();
    const key = input.value.trim();
    if (key === '') {
      input.focus();
      return;
    }
    button.disabled = true;
    replace(trouble);
    remember(key);
    try {
      await get('/v1/me');
      begin();
    } catch (error) {
      forget();
      if (!trouble.isConnected) return;
      replace(trouble, problemBox(asProblem(error)));
      button.disabled = false;
      input.select();
    }
  }
}
