// One form in a modal dialog. The browser keeps the focus inside and gives it back at the end.
import { freshId, h, replace } from '../dom.js';
import { asProblem, problemBox } from './problem.js';
import { icon } from './icons.js';

/**
 * Opens a dialog with a form and closes it when the work is done.
 * @param {object} what title, intro (nodes), fields (nodes), action (text of the button), isDanger, isWide, isNotice (nothing to cancel), check (may it be submitted?)
 * @param {(form: HTMLFormElement, report: (text: string) => void) => Promise<any>} work Runs at submit; a problem that it throws is shown and the form stays.
 * @returns {Promise<any>} What the work gave, or undefined when the dialog was left.
 */
export function openDialog({ title, intro, fields = [], action, isDanger = false, isWide = false, isNotice = false, check }, work) {
  return new Promise((resolve) => {
    const titleId = freshId('dialog');
    const trouble = h('div', { class: 'dialog-trouble' });
    const progress = h('p', { class: 'dialog-progress', role: 'status' });
    const submit = h('button', { type: 'submit', class: isDanger ? 'button danger' : 'button primary' }, action);
    let outcome;
    const form = h('form', { class: 'dialog-form', novalidate: true, autocomplete: 'off', onsubmit: run },
      h('header', { class: 'dialog-head' },
        h('h2', { id: titleId }, title),
        h('button', { type: 'button', class: 'button ghost square', 'aria-label': 'Close', onclick: () => dialog.close() }, icon('close'))),
      intro && h('div', { class: 'dialog-intro' }, intro),
      fields.length > 0 && h('div', { class: 'dialog-fields' }, fields),
      trouble,
      h('footer', { class: 'dialog-foot' }, progress, !isNotice && h('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Cancel'), submit));
    const dialog = h('dialog', { class: isWide ? 'dialog wide' : 'dialog', 'aria-labelledby': titleId, onclose: left }, form);
    if (check) {
      const update = () => { submit.disabled = !check(form); };
      form.addEventListener('input', update);
      update();
    }
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector('input:not([type=hidden]), textarea, select')?.focus();

    async function run(event) {
      event.preventDefault();
      submit.disabled = true;
      replace(trouble);
      try {
        outcome = await work(form, (text) => replace(progress, text));
        dialog.close();
      } catch (error) {
        replace(trouble, problemBox(asProblem(error)));
        replace(progress);
        submit.disabled = false;
      }
    }

    function left() {
      dialog.remove();
      resolve(outcome);
    }
  });
}

/** A field with its label above and its hint below. */
export function field(label, control, hint) {
  const id = freshId('field');
  control.id = id;
  const hintId = hint ? `${id}-hint` : null;
  if (hintId) control.setAttribute('aria-describedby', hintId);
  return h('div', { class: 'field' }, h('label', { for: id }, label), control, hint && h('p', { id: hintId, class: 'hint' }, hint));
}

export const textField = (label, name, { hint, ...attributes } = {}) => field(label, h('input', { type: 'text', name, class: 'input', spellcheck: 'false', ...attributes }), hint);

/** What a form holds under a name, without blanks around it; undefined when it is empty, so that JSON leaves it out. */
export const valueOf = (form, name) => form.elements[name].value.trim() || undefined;
