import { randomUUID } from 'node:crypto';

let lastMs = 0;
let sequence = 0;

/**
 * A UUID v7 (RFC 9562): 48 bits of time, 12 bits of sequence within the millisecond, 62 random bits. Ids of one process are strictly ascending,
 * those of several are in order of time, so that the order of ids is the order of arrival and a B-tree grows at its end.
 */
export function newId(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = 0;
  } else if (++sequence > 0xfff) {
    // More than 4096 in one millisecond, or a clock that went back: borrow from the next millisecond.
    lastMs += 1;
    sequence = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  // randomUUID() is v4: its last two groups are the variant and 62 random bits.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence.toString(16).padStart(3, '0')}${randomUUID().slice(18)}`;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Whether Postgres would take it for a uuid; what is not one names no row. */
export const isId = (value: string): boolean => uuid.test(value);
