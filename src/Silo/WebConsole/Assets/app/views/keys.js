// Keys of the tenant: who may do what, until when. A secret is shown once, when it is made.
import { del, get, post } from '../api.js';
import { h, replace } from '../dom.js';
import { dayOf, plural, time } from '../format.js';
import { whoami } from '../session.js';
import { announce } from '../parts/announce.js';
import { field, openDialog, textField, valueOf } from '../parts/dialog.js';
import { icon } from '../parts/icons.js';
import { asProblem, problemBox } from '../parts/problem.js';
import { table } from '../parts/table.js';

const Roles = { reader: 'ask, list, compare, export', writer: 'also create, add, snapshot, roll back, fork, import', admin: 'also erase, keys, audit', operator: 'runs the server: everything, for every tenant' };
const Graces = [[0, 'at once'], [3600, 'in an hour'], [86_400, 'in a day'], [604_800, 'in a week']];
const Lives = [['', 'Never'], [7, 'In a week'], [30, 'In 30 days'], [90, 'In 90 days'], [365, 'In a year']];

/** Operators' keys belong to no tenant and have routes of their own. */
const pathOf = (key) => (key.role === 'operator' ? '/v1/admin/keys' : '/v1/keys');

export async function keysView() {
  const body = h('div');
  await load();
  return {
    title: 'Keys',
    element: h('div', { class: 'page' }, h('div', { class: 'page-head' }, h('h1', null, 'Keys'),
      h('button', { type: 'button', class: 'button primary', onclick: create }, icon('plus'), 'New key')), body),
  };

  async function load() {
    const lists = await Promise.all([readAll('/v1/keys'), whoami().role === 'operator' ? readAll('/v1/admin/keys') : []]);
    const keys = lists.flat().sort((a, b) => order(a) - order(b) || (a.created_at < b.created_at ? 1 : -1));
    const active = keys.filter((key) => key.status === 'active').length;
    replace(body,
      whoami().keyless && h('p', { class: 'lead' }, 'This server has no keys: everybody on this machine may do everything. From the first key on, which must be an operator’s, everyone needs one.'),
      keys.length === 0
        ? h('div', { class: 'table-frame' }, h('div', { class: 'empty' }, h('h2', null, 'No keys yet'), h('p', null, 'A key names a tenant and a role, and everything done with it is in the audit log.')))
        : [h('p', { class: 'lead' }, `${plural(active, 'active key')} for ${whoami().tenant}`), table('Keys', ['Name', 'Id', 'Role', 'State', 'Last used', { title: 'Created', style: 'wide-only' }, ''], keys.map(row))]);
  }

  function row(key) {
    const isMine = key.key_id === whoami().key_id;
    return h('tr', null,
      h('td', null, key.name || h('span', { class: 'muted' }, 'no name'), isMine && [' ', h('span', { class: 'chip accent' }, 'this one')]),
      h('td', null, h('code', null, key.key_id)),
      h('td', null, h('span', { title: Roles[key.role] }, key.role)),
      h('td', null, stateOf(key)),
      h('td', { class: 'muted' }, key.last_used_at ? time(key.last_used_at) : 'never'),
      h('td', { class: 'muted wide-only' }, time(key.created_at)),
      h('td', { class: 'tools' }, key.status === 'active' && [
        h('button', { type: 'button', class: 'button ghost small', 'aria-label': `Rotate ${key.name || key.key_id}`, onclick: () => rotate(key) }, icon('refresh'), 'Rotate'),
        h('button', { type: 'button', class: 'button ghost small risky', 'aria-label': `Revoke ${key.name || key.key_id}`, onclick: () => revoke(key) }, icon('trash'), 'Revoke')]));
  }

  async function create() {
    const mayOperate = whoami().role === 'operator';
    const role = h('select', { class: 'input', name: 'role' }, Object.keys(Roles).filter((r) => r !== 'operator' || mayOperate).map((r) => h('option', { value: r }, `${r}: ${Roles[r]}`)));
    if (whoami().keyless) role.value = 'operator';
    const life = h('select', { class: 'input', name: 'life' }, Lives.map(([days, text]) => h('option', { value: days }, text)));
    const made = await openDialog({
      title: 'New key',
      fields: [textField('Name', 'name', { maxlength: 100, placeholder: 'what it is for', hint: 'So that you can tell it from the others.' }), field('Role', role), field('Expires', life)],
      action: 'Make key',
    }, (form) => {
      const draft = { name: valueOf(form, 'name') ?? '', expires_at: life.value ? new Date(Date.now() + Number(life.value) * 86_400_000).toISOString() : undefined };
      return role.value === 'operator' ? post('/v1/admin/keys', draft) : post('/v1/keys', { ...draft, role: role.value });
    });
    if (made) await show(made);
  }

  async function rotate(key) {
    const grace = h('select', { class: 'input', name: 'grace' }, Graces.map(([seconds, text]) => h('option', { value: seconds }, text)));
    grace.value = '3600';
    const made = await openDialog({
      title: `Rotate ${key.name || key.key_id}`,
      intro: h('p', null, 'Makes a successor with the same role and name. Until the old key ends, both work.'),
      fields: [field('The old key ends', grace)],
      action: 'Rotate',
    }, () => post(`${pathOf(key)}/${key.key_id}/rotate`, { grace_seconds: Number(grace.value) }));
    if (made) await show(made);
  }

  async function revoke(key) {
    const done = await openDialog({
      title: `Revoke ${key.name || key.key_id}?`,
      intro: h('p', null, 'From the answer on this key opens nothing. It cannot be taken into use again.'),
      action: 'Revoke',
      isDanger: true,
    }, async () => {
      await del(`${pathOf(key)}/${key.key_id}`);
      return true;
    });
    if (!done) return;
    announce(`Key ${key.key_id} was revoked`);
    await reload();
  }

  async function show(made) {
    const secret = h('input', { class: 'input', readonly: true, value: made.key, 'aria-label': 'The key', onfocus: () => secret.select() });
    await openDialog({
      title: 'Copy the key now',
      intro: h('p', null, 'It is shown this once. The server keeps only a hash of it.'),
      fields: [h('div', { class: 'secret' }, secret, h('button', { type: 'button', class: 'button', onclick: () => copy(secret) }, icon('copy'), 'Copy'))],
      action: 'Done',
      isWide: true,
      isNotice: true,
    }, async () => true);
    await reload();
  }

  async function reload() {
    try {
      await load();
    } catch (error) {
      replace(body, problemBox(asProblem(error), reload));
    }
  }
}

const order = (key) => ({ active: 0, expired: 1, revoked: 2 })[key.status];

function stateOf(key) {
  if (key.status === 'revoked') return h('span', { class: 'chip' }, 'revoked');
  if (key.status === 'expired') return h('span', { class: 'chip warn' }, 'expired');
  return [h('span', { class: 'chip good' }, 'active'), key.expires_at && h('span', { class: 'muted' }, ' until ', dayOf(key.expires_at))];
}

async function readAll(path) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(`${path}?limit=200${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    items.push(...page.items);
    cursor = page.next_cursor ?? null;
  } while (cursor);
  return items;
}

async function copy(input) {
  try {
    await navigator.clipboard.writeText(input.value);
    announce('The key was copied');
  } catch {
    // Without TLS the browser has no clipboard for pages; the selected text can be copied by hand.
    input.select();
    announce('Press Ctrl+C to copy');
  }
}
