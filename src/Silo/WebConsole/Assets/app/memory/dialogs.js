// The verbs on a version or on the whole memory that want a name, a choice or a second thought.
import { del, memoryPath, post, send, writeKey } from '../api.js';
import { freshId, h } from '../dom.js';
import { bytes, plural } from '../format.js';
import { memoryAddress } from '../addresses.js';
import { announce } from '../parts/announce.js';
import { save } from '../parts/save.js';
import { field, openDialog, textField, valueOf } from '../parts/dialog.js';
import { passphraseHeader } from '../archive.js';

export async function snapshotVersion(state) {
  const { at } = state;
  const key = writeKey();
  const snapshot = await openDialog({
    title: `Snapshot of v${at}`,
    intro: h('p', null, 'Gives this version a name. What has a name stays readable, whatever the retention says.'),
    fields: [textField('Name', 'name', { maxlength: 128, placeholder: 'before-the-move', hint: 'Begins with a letter; then letters, digits or . _ : @ -' })],
    action: 'Take snapshot',
    check: (form) => form.elements.name.value.trim() !== '',
  }, (form) => post(memoryPath(state.id, '/snapshots'), { name: valueOf(form, 'name'), at: String(at) }, { headers: { 'Idempotency-Key': key } }));
  if (!snapshot) return;
  announce(`Snapshot ${snapshot.name} names v${snapshot.version}`);
  await state.load();
}

export async function forkVersion(state) {
  const { at } = state;
  const key = writeKey();
  const created = await openDialog({
    title: `Fork v${at} of ${state.id}`,
    intro: h('p', null, 'Makes a new memory that begins with this version. From then on the two go their own ways.'),
    fields: [textField('Id of the new memory', 'id', { maxlength: 128, value: `${state.id}-fork`, hint: 'Left empty, the server makes one.' })],
    action: 'Fork',
  }, (form) => post(memoryPath(state.id, '/fork'), { id: valueOf(form, 'id'), at: String(at) }, { headers: { 'Idempotency-Key': key } }));
  if (!created) return;
  announce(`Memory ${created.id} was forked`);
  location.hash = memoryAddress(created.id);
}

export async function rollBack(state, go) {
  const { at, head } = state;
  const key = writeKey();
  const done = await openDialog({
    title: `Roll back to v${at}?`,
    intro: [
      h('p', null, `A new head, v${head + 1}, gets the content of v${at}. The ${plural(head - at, 'version')} in between ${head - at === 1 ? 'stays' : 'stay'} in the history, but questions no longer see what ${head - at === 1 ? 'it' : 'they'} added.`),
      h('p', null, `A rollback can itself be rolled back: go to v${head}.`),
    ],
    action: `Roll back to v${at}`,
  }, () => post(memoryPath(state.id, '/rollback'), { to: at }, { headers: { 'Idempotency-Key': key, 'If-Match': `"v${head}"` } }));
  if (!done) return;
  announce(`Rolled back: v${done.version} has the content of v${done.restored_from}`);
  await state.load();
  go({ version: null });
}

export async function eraseMemory(state) {
  const done = await openDialog({
    title: `Erase ${state.id}?`,
    intro: [
      h('p', null, 'All versions, snapshots and texts of this memory are destroyed: its key is overwritten before the server answers. Nobody can bring it back, not even from a copy of the disk.'),
      h('p', null, 'Forks keep what they have. An export made before can be imported again.'),
    ],
    fields: [textField(`Type ${state.id} to confirm`, 'confirm', { autocomplete: 'off' })],
    action: 'Erase for good',
    isDanger: true,
    check: (form) => form.elements.confirm.value === state.id,
  }, async () => {
    await del(memoryPath(state.id));
    return true;
  });
  if (!done) return;
  announce(`Memory ${state.id} was erased`);
  location.hash = '#/';
}

export async function exportMemory(state) {
  const all = h('input', { type: 'radio', name: 'scope', value: 'all', checked: true, id: freshId('scope') });
  const one = h('input', { type: 'radio', name: 'scope', value: 'one', id: freshId('scope') });
  const passphrase = h('input', { type: 'password', name: 'passphrase', class: 'input', autocomplete: 'new-password' });
  const size = await openDialog({
    title: `Export ${state.id}`,
    fields: [
      h('fieldset', { class: 'choices' }, h('legend', { class: 'label' }, 'What'),
        h('div', { class: 'choice' }, all, h('label', { for: all.id }, `All versions, about ${bytes(state.memory.owned_bytes)}`)),
        h('div', { class: 'choice' }, one, h('label', { for: one.id }, `v${state.at} alone`))),
      field('Passphrase', passphrase, 'Seals the archive. Left empty, who has the file can read it.'),
    ],
    action: 'Export',
  }, async (form, report) => {
    report('Reading…');
    const at = one.checked ? `?at=${state.at}` : '';
    const response = await send('GET', memoryPath(state.id, `/export${at}`), { headers: passphraseHeader(form.elements.passphrase.value) });
    const archive = await response.blob();
    save(archive, `${state.id.replaceAll(':', '_')}.latentdb`);
    return archive.size;
  });
  if (size) announce(`Exported ${bytes(size)}`);
}
