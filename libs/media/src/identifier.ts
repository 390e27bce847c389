import { open } from 'node:fs/promises';
import { openError, readAt } from './identify';

/** Metadata lies in the first bytes of a picture, or (HEIC written anew by editors) in its last. */
const window = 512 * 1024;

/**
 * Whether a picture names the Live Photo identifier of a video (its UUID, in Apple's maker note: tag 0x0011, ASCII).
 * A UUID is found by looking for it: 122 random bits are in no other place by chance. Throws FILE_MISSING, FILE_UNREADABLE.
 */
export async function imageCarriesIdentifier(path: string, identifier: string): Promise<boolean> {
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(identifier)) return false;
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw openError(path, error);
  });
  try {
    const { size } = await handle.stat();
    const wanted = [identifier, identifier.toUpperCase(), identifier.toLowerCase()];
    const carries = async (position: number): Promise<boolean> => {
      const bytes = await readAt(handle, position, window);
      return wanted.some((text) => bytes.includes(text, 0, 'latin1'));
    };
    return (await carries(0)) || (size > window && (await carries(Math.max(0, size - window))));
  } finally {
    await handle.close();
  }
}
