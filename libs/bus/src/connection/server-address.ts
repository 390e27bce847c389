import { PipelineError } from '@media-pipeline/contracts';

export interface ServerAddress {
  readonly servers: string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

/**
 * Reads `nats://[user[:password]@]host[:port][,nats://…]`. One name without a password is a token, as nats-server's own tools have it.
 * @throws PipelineError SETTINGS_INVALID
 */
export function parseServerAddress(text: string): ServerAddress {
  const urls = text.split(',').map((part) => {
    const withScheme = part.includes('://') ? part.trim() : `nats://${part.trim()}`;
    if (!URL.canParse(withScheme)) throw new PipelineError('SETTINGS_INVALID', `NATS_URL: "${redact(part)}" is not an address such as nats://127.0.0.1:4222`);
    return new URL(withScheme);
  });
  const servers = urls.map((url) => `${url.hostname}:${url.port || '4222'}`);
  const first = urls.find((url) => url.username !== '');
  if (!first) return { servers };
  const name = decodeURIComponent(first.username);
  return first.password === '' ? { servers, token: name } : { servers, user: name, pass: decodeURIComponent(first.password) };
}

const redact = (part: string): string => part.replace(/\/\/[^@/]*@/, '//***@');
