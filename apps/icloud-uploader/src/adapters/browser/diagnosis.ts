import { setTimeout as delay } from 'node:timers/promises';
import type { Frame, Page } from 'puppeteer-core';
import type { LibraryPath } from '@media-pipeline/contracts';
import { Library, writeDurably } from '@media-pipeline/files';

/**
 * Saves what the page looked like under `logs/icloud-upload/`: a picture, and the elements of each frame with shadow roots. What somebody has
 * typed, a password or a code, is in neither, and nor is what looks like a token. It leaves the page without what its fields showed.
 * @returns the folder
 */
export async function saveDiagnosis(library: Library, page: Page, what: string): Promise<LibraryPath> {
  const name = `${new Date().toISOString().replace(/[:.]/g, '-')}-${what}`;
  const folder = library.path('logs', 'icloud-upload', name);
  const write = async (file: string, data: Uint8Array | string): Promise<void> => {
    await writeDurably(library.absolute(library.path('logs', 'icloud-upload', name, file)), data);
  };
  const frames = await Promise.all(page.frames().map(async (frame) => ({ address: addressOf(frame), hidden: await soon(frame.evaluate(hideFields).then(() => true)), content: await soon(frame.evaluate(outline)) })));
  await write('page.html', frames.map(({ address, content }) => `<!-- frame ${address} -->\n${content === null ? '<!-- could not be read -->' : withoutTokens(content)}`).join('\n\n'));
  // Rather no picture than one of a code.
  const picture = frames.every(({ hidden }) => hidden) ? await soon(page.screenshot({ fullPage: false })) : null;
  if (picture) await write('page.png', picture);
  return folder;
}

/** A page that stands still is not waited for. */
const soonMs = 15_000;
async function soon<T>(work: Promise<T>): Promise<T | null> {
  return await Promise.race([work.catch(() => null), delay(soonMs, null, { ref: false })]);
}

/** Queries carry tokens, and addresses like `data:` the content itself. */
function addressOf(frame: Frame): string {
  const url = frame.url();
  return /^https?:/.test(url) ? withoutTokens(url) : `${url.split(':')[0] ?? ''}:`;
}

/** Queries of addresses, and long words with digits in them: whatever they are, nobody needs them to find a control. */
const withoutTokens = (text: string): string => text.replace(/(https?:\/\/[^\s"?#<>]*)[?#][^\s"<>]*/g, '$1').replace(/[\w+/=.~%-]{24,}/g, (word) => (/\d/.test(word) && !word.startsWith('//') ? '…' : word));

/** Runs in the page: what fields show is there, and cannot be seen. */
function hideFields(): void {
  const visit = (root: ParentNode): void => {
    for (const element of root.querySelectorAll<HTMLElement>('*')) {
      if (element.shadowRoot) visit(element.shadowRoot);
      if (element.matches('input, textarea')) {
        for (const name of ['color', '-webkit-text-fill-color']) element.style.setProperty(name, 'transparent', 'important');
        element.style.setProperty('text-shadow', 'none', 'important');
      } else if (element.matches('[contenteditable], [role=textbox], [role=searchbox]')) element.style.setProperty('opacity', '0', 'important');
    }
  };
  visit(document);
}

/** Runs in the page: its elements as text, shadow roots included; what is in fields and scripts is left out. */
function outline(): string {
  const kept = new Set(['id', 'class', 'role', 'type', 'name', 'accept', 'multiple', 'title', 'alt', 'for', 'hidden', 'disabled', 'autocomplete', 'placeholder', 'tabindex', 'slot']);
  const isField = (element: Element): boolean => element.matches('input, textarea, [contenteditable], [role=textbox], [role=searchbox]');
  const draw = (root: ParentNode, depth: number): string => {
    let text = '';
    for (const node of root.childNodes) {
      const indent = '  '.repeat(Math.min(depth, 40));
      if (node instanceof Element) {
        if (['SCRIPT', 'STYLE', 'NOSCRIPT', 'LINK', 'META'].includes(node.tagName)) continue;
        const tag = node.tagName.toLowerCase();
        const isKept = (name: string): boolean => (kept.has(name) || name.startsWith('aria-') || name.startsWith('data-')) && !(isField(node) && name.startsWith('aria-value'));
        const attributes = [...node.attributes].filter(({ name }) => isKept(name)).map(({ name, value }) => ` ${name}="${value.slice(0, 200).replaceAll('"', '&quot;')}"`);
        text += `${indent}<${tag}${attributes.join('')}>\n`;
        if (node.shadowRoot) text += `${indent}  #shadow-root\n${draw(node.shadowRoot, depth + 2)}`;
        if (!isField(node)) text += draw(node, depth + 1);
      } else if (node.nodeType === 3 && (node.textContent ?? '').trim() !== '') {
        text += `${indent}${(node.textContent ?? '').trim().slice(0, 500)}\n`;
      }
    }
    return text;
  };
  return draw(document, 0);
}
