import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

export interface RefusedPassword {
  readonly salt: string;
  readonly hash: string;
}

const hashOf = promisify<string, Uint8Array, number, Buffer>(scrypt);

/** What is kept of a password that Apple refused: enough to know it again, not enough to read it. */
export async function remember(password: string): Promise<RefusedPassword> {
  const salt = randomBytes(16);
  return { salt: salt.toString('base64'), hash: (await hashOf(password, salt, 32)).toString('base64') };
}

export async function isRefused(password: string, refused: RefusedPassword | null): Promise<boolean> {
  if (refused === null) return false;
  const hash = Buffer.from(refused.hash, 'base64');
  const tried = await hashOf(password, Buffer.from(refused.salt, 'base64'), 32);
  return hash.length === tried.length && timingSafeEqual(hash, tried);
}
