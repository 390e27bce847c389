// The page after somebody redesigned it: no shadow roots, other words, and no file input before the control is pressed.
import { element } from './elements.js';

/** @param {{ pressed: (label: string) => void, chosen: (files: FileList) => void }} on */
export function redesign(texts, on) {
  const choose = () => {
    const input = element('input', { type: 'file', multiple: true });
    input.addEventListener('change', () => on.chosen(input.files));
    input.click();
  };
  const item = (label, press) => element('div', { role: 'button', tabindex: '0', part: `item ${label}`, onclick: press }, element('span', { part: 'caption', text: label }));
  const other = (label) => item(label, () => on.pressed(label));
  const compose = item(texts.compose, choose);
  compose.setAttribute('data-action', 'compose');
  const note = element('output', { part: 'note' });
  return {
    elements: [element('header', { part: 'top' }, element('strong', { text: texts.library }), other(texts.filter), other(texts.share), compose), element('section', { part: 'wall' }), element('footer', { part: 'foot' }, note)],
    progress: (text, fraction) => (note.textContent = `${text} – ${Math.floor(fraction * 100)} %`),
    done: (text) => (note.textContent = text),
  };
}
