// A problem as a person needs it: what is wrong, what to do, and the id that finds it in the server's log.
import { h } from '../dom.js';
import { icon } from './icons.js';

const Remedies = {
  fix_request: 'Change what you sent and try again.',
  call_operator: 'Ask who runs this server, and give the request id.',
  report_bug: 'This is a defect of the server. Report it with the request id.',
};

/** @param {() => void} [retry] Tries again; without it there is no button. */
export function problemBox(problem, retry) {
  return h('div', { class: 'problem', role: 'alert' },
    icon('warn'),
    h('div', { class: 'problem-text' },
      h('p', { class: 'problem-title' }, problem.title ?? 'Something went wrong'),
      h('p', null, problem.detail ?? problem.message),
      h('p', { class: 'problem-do' }, whatToDo(problem)),
      problem.requestId && h('p', { class: 'problem-id' }, problem.code, ' · request ', h('code', null, problem.requestId))),
    retry && h('button', { type: 'button', class: 'button', onclick: retry }, icon('refresh'), 'Try again'));
}

/** Errors that are no problems are defects of the console; they are shown all the same, and thrown on so that they are in the browser's log. */
export function asProblem(error) {
  if (error?.remedy) return error;
  console.error(error);
  return { title: 'The console failed', detail: String(error?.message ?? error), code: 'console', remedy: 'report_bug', requestId: null };
}

function whatToDo(problem) {
  if (problem.remedy === 'retry_later') {
    return problem.retryAfterSeconds ? `Try again in ${problem.retryAfterSeconds} s.` : 'Try again in a moment.';
  }
  if (problem.status === 401) return 'Sign in with a key that is valid.';
  if (problem.status === 403) return 'Ask an administrator of your tenant for a key with a higher role.';
  return Remedies[problem.remedy] ?? '';
}
