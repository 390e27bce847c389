// The page as it is: a bar whose buttons are elements with shadow roots of their own, and a hidden file input in another.
import { element, shadowed } from './elements.js';

/** @param {{ pressed: (label: string) => void, chosen: (files: FileList) => void }} on */
export function currentDesign(texts, on) {
  const input = element('input', { type: 'file', multiple: true, accept: 'image/*,video/*', tabindex: '-1', 'aria-hidden': 'true', style: 'display: none' });
  input.addEventListener('change', () => {
    on.chosen(input.files);
    input.value = '';
  });
  const button = (label, press, disabled = false) =>
    shadowed('ui-button', { part: 'item' }, element('button', { type: 'button', part: 'push', 'aria-label': label, title: label, disabled, onclick: press }, element('span', { part: 'glyph', 'aria-hidden': 'true', text: '◦' })));
  const other = (label, disabled) => button(label, () => on.pressed(label), disabled);
  const bar = shadowed(
    'ui-toolbar',
    { part: 'bar' },
    element('div', { role: 'toolbar', part: 'row' }, other(texts.toggleSidebar), other(texts.zoomIn), other(texts.newAlbum), button(texts.upload, () => input.click()), other(texts.share, true), other(texts.remove, true)),
    shadowed('ui-file-picker', { part: 'picker' }, input),
  );
  const status = element('div', { role: 'status', 'aria-live': 'polite', part: 'note' });
  const meter = element('div', { role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100', part: 'meter', hidden: true });
  const activity = shadowed('ui-activity', { part: 'foot' }, status, meter);
  const places = [texts.library, texts.favorites, texts.deleted].map((text) => element('li', { role: 'treeitem', text, part: 'place' }));
  return {
    elements: [bar, element('nav', { 'aria-label': texts.sidebar, part: 'side' }, element('ul', { role: 'tree' }, ...places)), element('main', { part: 'grid' }, element('h1', { text: texts.library })), activity],
    progress: (text, fraction) => {
      status.textContent = text;
      meter.hidden = false;
      meter.setAttribute('aria-label', text);
      meter.setAttribute('aria-valuenow', String(Math.floor(fraction * 100)));
    },
    done: (text) => {
      status.textContent = text;
      meter.hidden = true;
    },
  };
}
