// Numbers and times as people read them.
import { h } from './dom.js';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
/** Days and hours without AM and PM, whatever the browser's language: the page itself is English. */
const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

export const count = (number) => whole.format(number);

export const short = (number) => (number < 10_000 ? whole.format(number) : compact.format(number));

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

export function bytes(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = number;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export function milliseconds(number) {
  if (number >= 10_000) return `${(number / 1000).toFixed(0)} s`;
  if (number >= 1000) return `${(number / 1000).toFixed(2)} s`;
  if (number >= 100) return `${number.toFixed(0)} ms`;
  return number >= 10 ? `${number.toFixed(1)} ms` : `${number.toFixed(2)} ms`;
}

/** How long ago; the exact time is in the tooltip and in the machine-readable attribute. */
export function time(iso) {
  const date = new Date(iso);
  return h('time', { datetime: iso, title: full.format(date) }, ago(date));
}

export const exactTime = (iso) => h('time', { datetime: iso }, full.format(new Date(iso)));

export const dayOf = (iso) => day.format(new Date(iso));

function ago(date) {
  const seconds = (Date.now() - date.getTime()) / 1000;
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 12 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? `today, ${clock.format(date)}` : day.format(date);
}
