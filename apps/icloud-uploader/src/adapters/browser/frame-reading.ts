/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { FrameReading } from '../../page-state';

/**
 * Runs in the page: what a person sees of dialogs, progress and sign-in, shadow roots included. It is sent there as text and may use nothing
 * from outside of itself.
 */
export function readFrame(): FrameReading {
  const longest = 2_000;
  const dialogs: string[] = [];
  const statuses: string[] = [];
  let asksToSignIn = false;

  const isVisible = (element: Element): boolean => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const textOf = (element: Element): string => {
    const label = ['aria-label', 'aria-valuetext'].map((name) => element.getAttribute(name) ?? '').join(' ');
    const parts: string[] = [label];
    const gather = (root: ParentNode): void => {
      for (const node of root.childNodes) {
        if (node.nodeType === Node.TEXT_NODE) parts.push(node.textContent ?? '');
        else if (node instanceof Element && !['SCRIPT', 'STYLE', 'TEMPLATE'].includes(node.tagName) && isVisible(node)) {
          if (node instanceof HTMLSlotElement) node.assignedNodes().forEach((assigned) => parts.push(assigned.textContent ?? ''));
          gather(node.shadowRoot ?? node);
        }
      }
    };
    gather(element.shadowRoot ?? element);
    return parts.join(' ').replace(/\s+/g, ' ').trim().slice(0, longest);
  };
  const visit = (root: ParentNode): void => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) visit(element.shadowRoot);
      const role = element.getAttribute('role') ?? (element.tagName === 'DIALOG' ? 'dialog' : element.tagName === 'PROGRESS' ? 'progressbar' : '');
      const isDialog = role === 'dialog' || role === 'alertdialog' || role === 'alert';
      const isStatus = role === 'status' || role === 'progressbar' || element.hasAttribute('aria-live');
      const isSecret = element instanceof HTMLInputElement && (element.type === 'password' || element.autocomplete === 'one-time-code');
      if (!isDialog && !isStatus && !isSecret) continue;
      if (!isVisible(element)) continue;
      if (isSecret) asksToSignIn = true;
      else {
        const text = textOf(element);
        if (text !== '') (isDialog ? dialogs : statuses).push(text);
      }
    }
  };
  visit(document);
  return { url: location.href, dialogs, statuses, asksToSignIn };
}
