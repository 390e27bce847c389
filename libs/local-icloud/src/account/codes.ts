import { randomInt } from 'node:crypto';
import type { Clock } from '../clock';

interface Code {
  readonly code: string;
  readonly sentAt: number;
}

/** `device` or the id of a phone. */
export type CodeChannel = 'device' | number;

/** The verification codes that are out. A new one on a channel voids the one before it. */
export class VerificationCodes {
  private readonly open = new Map<CodeChannel, Code>();

  constructor(
    private readonly clock: Clock,
    private readonly lifetimeMs: () => number,
  ) {}

  send(channel: CodeChannel): string {
    const before = this.open.get(channel)?.code;
    let code: string;
    do code = String(randomInt(0, 1_000_000)).padStart(6, '0');
    while (code === before);
    this.open.set(channel, { code, sentAt: this.clock.now() });
    return code;
  }

  latest(channel: CodeChannel): string | null {
    return this.open.get(channel)?.code ?? null;
  }

  /** Whether the code is the newest of its channel and not too old; a right code can be used once. */
  redeem(channel: CodeChannel, code: string): boolean {
    const open = this.open.get(channel);
    if (open === undefined || open.code !== code || this.clock.now() - open.sentAt > this.lifetimeMs()) return false;
    this.open.clear();
    return true;
  }

  sent(channel: CodeChannel): boolean {
    return this.open.has(channel);
  }
}
