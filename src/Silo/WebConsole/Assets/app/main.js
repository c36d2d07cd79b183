// Starts the console: finds out who looks at it, draws the bar, and shows the view that the address names.
import { events, get } from './api.js';
import { h, replace } from './dom.js';
import { route } from './router.js';
import { forget, hasKey, identify, whoami } from './session.js';
import { drawBar } from './bar.js';
import { asProblem, problemBox } from './parts/problem.js';
import { signInView } from './views/sign-in.js';

const main = document.getElementById('main');
const banner = document.getElementById('banner');
const RetryMilliseconds = 2000;

let current = null;
let retryTimer = null;

events.addEventListener('unreachable', () => {
  replace(banner, 'The server does not answer. Trying again every two seconds.');
  retryTimer ??= setInterval(probe, RetryMilliseconds);
});

events.addEventListener('reachable', () => {
  if (retryTimer === null) return;
  clearInterval(retryTimer);
  retryTimer = null;
  replace(banner);
  if (whoami() === null) begin();
  else if (current?.needsReload) show();
});

events.addEventListener('unauthenticated', (event) => {
  if (main.querySelector('.sign-in')) return; // It shows the refusal itself.
  const hadKey = hasKey();
  forget();
  drawBar(begin);
  showSignIn(hadKey ? event.problem : null);
});

window.addEventListener('hashchange', () => { if (whoami() !== null) show(); });

begin();

async function begin() {
  try {
    identify(await whoIsThis());
    drawBar(begin);
    await show();
  } catch (error) {
    if (error.status === 401) return;
    replace(main, h('div', { class: 'page' }, problemBox(asProblem(error), begin)));
  }
}

async function whoIsThis() {
  try {
    return await get('/v1/me');
  } catch (error) {
    // A server that knows no callers has none to tell apart: everybody on this machine may do everything.
    if (error.status === 404) return { tenant: 'default', role: 'operator', keyless: true };
    throw error;
  }
}

async function show() {
  const place = route(location.hash);
  drawBar(begin);
  if (current?.name === place.name && current.view.update && current.view.update(place)) return;
  const isFirst = current === null;
  current?.view.dispose?.();
  current = { name: place.name, view: { element: null } };
  const mine = current;
  try {
    const view = await place.open(place);
    if (mine !== current) {
      view.dispose?.();
      return;
    }
    mine.view = view;
    replace(main, view.element);
    document.title = view.title ? `${view.title} · LatentDB` : 'LatentDB';
    if (!isFirst) moveFocus();
  } catch (error) {
    if (mine !== current || error.status === 401) return;
    mine.needsReload = error.status === 0;
    document.title = 'LatentDB';
    replace(main, h('div', { class: 'page' }, problemBox(asProblem(error), show)));
  }
}

/** A change of view is a new page to a screen reader: it goes on reading at the heading. */
function moveFocus() {
  const heading = main.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function showSignIn(problem) {
  current?.view.dispose?.();
  current = null;
  document.title = 'Sign in · LatentDB';
  replace(main, signInView(problem, begin));
  main.querySelector('input').focus();
}

/** Asks whether the server is back; the event "reachable" follows when it is. */
function probe() {
  get('/readyz').catch(() => {});
}
