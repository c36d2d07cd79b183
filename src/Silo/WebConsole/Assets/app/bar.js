// The bar above every page: where one can go, who one is, light or dark.
import { h, replace } from './dom.js';
import { can, forget, hasKey, whoami } from './session.js';
import { route } from './router.js';
import { icon } from './parts/icons.js';
import { announce } from './parts/announce.js';

const Themes = { system: 'light', light: 'dark', dark: 'system' };
const ThemeIcons = { system: 'system', light: 'sun', dark: 'moon' };

/** @param {() => void} restart Begins again, after signing out. */
export function drawBar(restart) {
  const links = whoami() === null ? [] : [
    ['memories', '#/', 'Memories'],
    ['activity', '#/activity', 'Activity'],
    can('admin') && ['keys', '#/keys', 'Keys'],
    can('admin') && ['audit', '#/audit', 'Audit'],
  ].filter(Boolean);
  const here = route(location.hash).section;
  replace(document.getElementById('nav'), links.map(([section, href, text]) =>
    h('a', { href, 'aria-current': section === here ? 'page' : null }, text)));
  replace(document.getElementById('bar-end'), who(), themeButton(), hasKey() && whoami() !== null && h('button', {
    type: 'button', class: 'button ghost square', 'aria-label': 'Sign out', title: 'Sign out', onclick: () => { forget(); restart(); },
  }, icon('exit')));
}

function who() {
  const me = whoami();
  if (me === null) return null;
  return h('span', { class: 'who wide-only' }, me.tenant, h('span', { class: 'chip' }, me.keyless ? 'no keys' : me.role));
}

function themeButton() {
  const theme = document.documentElement.dataset.theme ?? 'system';
  const label = `Colours: ${theme}. Change to ${Themes[theme]}`;
  return h('button', { type: 'button', id: 'theme', class: 'button ghost square', 'aria-label': label, title: label, onclick: nextTheme }, icon(ThemeIcons[theme]));
}

function nextTheme() {
  const root = document.documentElement;
  const theme = Themes[root.dataset.theme ?? 'system'];
  if (theme === 'system') delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    localStorage.setItem('latentdb.theme', theme);
  } catch {
    // Then the choice lasts until the page is left.
  }
  const old = document.getElementById('theme');
  const fresh = themeButton();
  old.replaceWith(fresh);
  fresh.focus();
  announce(`Colours: ${theme}`, { isQuiet: true });
}
