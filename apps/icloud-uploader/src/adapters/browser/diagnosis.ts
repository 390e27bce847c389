import type { Page } from 'puppeteer-core';
import type { LibraryPath } from '@media-pipeline/contracts';
import { Library, writeDurably } from '@media-pipeline/files';

/** Saves what the page looked like under `logs/icloud-upload/`: a picture, and the content of each frame with shadow roots. @returns the folder */
export async function saveDiagnosis(library: Library, page: Page, what: string): Promise<LibraryPath> {
  const name = `${new Date().toISOString().replace(/[:.]/g, '-')}-${what}`;
  const folder = library.path('logs', 'icloud-upload', name);
  const write = async (file: string, data: Uint8Array | string): Promise<void> => {
    await writeDurably(library.absolute(library.path('logs', 'icloud-upload', name, file)), data);
  };
  const picture = await page.screenshot({ fullPage: false }).catch(() => null);
  if (picture) await write('page.png', picture);
  const frames = await Promise.all(page.frames().map(async (frame) => ({ url: withoutQuery(frame.url()), content: await frame.evaluate(outline).catch((error: unknown) => `<!-- ${String(error)} -->`) })));
  await write('page.html', frames.map(({ url, content }) => `<!-- frame ${url} -->\n${content}`).join('\n\n'));
  return folder;
}

/** Addresses of frames carry tokens. */
const withoutQuery = (url: string): string => url.split(/[?#]/)[0] ?? '';

/** Runs in the page: its elements as text, shadow roots included; values of fields, scripts and addresses' queries left out. */
function outline(): string {
  const kept = new Set(['id', 'class', 'role', 'type', 'name', 'accept', 'multiple', 'title', 'alt', 'for', 'hidden', 'disabled', 'autocomplete', 'placeholder', 'tabindex', 'slot']);
  const draw = (root: ParentNode, depth: number): string => {
    let text = '';
    for (const node of root.childNodes) {
      const indent = '  '.repeat(Math.min(depth, 40));
      if (node instanceof Element) {
        if (['SCRIPT', 'STYLE', 'NOSCRIPT', 'LINK', 'META'].includes(node.tagName)) continue;
        const tag = node.tagName.toLowerCase();
        const attributes = [...node.attributes].filter(({ name }) => kept.has(name) || name.startsWith('aria-') || name.startsWith('data-')).map(({ name, value }) => ` ${name}="${value.slice(0, 200).replaceAll('"', '&quot;')}"`);
        text += `${indent}<${tag}${attributes.join('')}>\n`;
        if (node.shadowRoot) text += `${indent}  #shadow-root\n${draw(node.shadowRoot, depth + 2)}`;
        text += draw(node, depth + 1);
      } else if (node.nodeType === 3 && (node.textContent ?? '').trim() !== '') {
        text += `${indent}${(node.textContent ?? '').trim().slice(0, 500)}\n`;
      }
    }
    return text;
  };
  return draw(document, 0);
}
