// What the Photos app says in a box in front of everything.
import { element, hashed, shadowed } from './elements.js';

const waiting = [];

/** Shows a box as soon as none is in front of it. @param {{ title: string, more: string, names?: string[], buttons: string[] }} about @param {'current' | 'redesign'} design */
export function showDialog(about, design) {
  waiting.push(() => show(about, design));
  if (waiting.length === 1) waiting[0]();
}

function close(box) {
  box.remove();
  waiting.shift();
  waiting[0]?.();
}

function show({ title, more, names = [], buttons }, design) {
  const id = hashed(`title ${title}`);
  const box = [element('h2', { id, text: title }), element('p', { text: more }), ...(names.length > 0 ? [element('ul', {}, ...names.map((name) => element('li', { text: name })))] : [])];
  if (design === 'redesign') {
    const dialog = element('dialog', { 'aria-labelledby': id }, ...box, ...buttons.map((text) => element('button', { part: 'choice', text, onclick: () => close(dialog) })));
    document.body.append(dialog);
    dialog.showModal();
    return;
  }
  const alert = element('div', { role: 'alertdialog', 'aria-modal': 'true', 'aria-labelledby': id, part: 'alert' }, ...box, ...buttons.map((text) => element('button', { type: 'button', part: 'choice', text, onclick: () => close(host) })));
  const host = shadowed('ui-alert', { part: 'layer' }, alert);
  document.body.append(host);
}

/** The boxes that an upload's end calls for, in the order in which they are shown. @param {ReturnType<typeof import('./texts.js').textsOf>} texts */
export function dialogsFor(result, texts) {
  const { failed, rejected, full, unavailable } = result;
  return [
    ...(full ? [{ title: texts.full, more: texts.fullMore, buttons: [texts.notNow, texts.upgrade] }] : []),
    ...(unavailable ? [{ title: texts.unavailable, more: texts.unavailableMore, buttons: [texts.ok] }] : []),
    ...(failed.length > 0 ? [{ title: texts.problem(failed.length), more: texts.tryLater, names: failed, buttons: [texts.ok] }] : []),
    ...(rejected.length > 0 ? [rejection(rejected, texts)] : []),
  ];
}

export const rejection = (names, texts) => ({ title: texts.rejected(names.length), more: texts.rejectedMore, names, buttons: [texts.ok] });
