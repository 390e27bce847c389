import { boxPayload, findBox, readBoxes, type Box } from '../isobmff/boxes';
import { corruptMovie, parsing, tolerating } from './structure';

const maxKeys = 4096;

/**
 * The text values of QuickTime metadata keys (`moov/meta` with handler `mdta`; QuickTime File Format, "Metadata Atoms"):
 * `com.apple.quicktime.creationdate` → `2019-07-24T11:25:40+0300`. Values that are not text are left out.
 * @param moov the payload of `moov`
 */
export function readKeys(moov: Buffer): ReadonlyMap<string, string> {
  return parsing('"meta"', () => {
    const values = new Map<string, string>();
    for (const meta of metaPayloads(moov)) {
      const inside = tolerating(() => metaBoxes(meta)) ?? [];
      const keys = findBox(inside, 'keys');
      const list = findBox(inside, 'ilst');
      if (!keys || !list) continue;
      const names = keyNames(boxPayload(meta, keys));
      const items = boxPayload(meta, list);
      for (const item of readBoxes(items)) {
        const name = names[Buffer.from(item.type, 'latin1').readUInt32BE(0) - 1];
        const value = name === undefined ? null : textValue(boxPayload(items, item));
        if (name !== undefined && value !== null && !values.has(name)) values.set(name, value);
      }
    }
    return values;
  });
}

/** Where Apple writes it, and where ffmpeg does (inside `udta`). */
function metaPayloads(moov: Buffer): Buffer[] {
  const level = readBoxes(moov);
  const udta = findBox(level, 'udta');
  const nested = udta ? (tolerating(() => readBoxes(moov, udta.data, udta.end)) ?? []) : [];
  return [...level, ...nested].filter(({ type }) => type === 'meta').map((box) => boxPayload(moov, box));
}

/** `meta` is a plain box in QuickTime and a full box (4 more bytes) in MP4; both occur under either brand. */
export function metaBoxes(meta: Buffer): Box[] {
  const plain = meta.length >= 8 && meta.toString('latin1', 4, 8) === 'hdlr';
  return readBoxes(meta, plain ? 0 : Math.min(4, meta.length));
}

function keyNames(keys: Buffer): string[] {
  const count = keys.readUInt32BE(4);
  if (count > maxKeys) throw corruptMovie(`"keys" claims ${count} keys`);
  const names: string[] = [];
  let at = 8;
  for (let i = 0; i < count; i++) {
    const size = keys.readUInt32BE(at);
    if (size < 8 || at + size > keys.length) throw corruptMovie('a metadata key leaves its box');
    names.push(keys.toString('utf8', at + 8, at + size));
    at += size;
  }
  return names;
}

/** The first `data` box that holds text: type 1 is UTF-8, 2 is UTF-16BE (QuickTime File Format, "Well-known types"). */
function textValue(item: Buffer): string | null {
  for (const box of readBoxes(item).filter(({ type }) => type === 'data')) {
    const data = boxPayload(item, box);
    if (data.length < 8) continue;
    const type = data.readUInt32BE(0);
    if (type === 1) return data.toString('utf8', 8);
    if (type === 2 && data.length % 2 === 0) return Buffer.from(data.subarray(8)).swap16().toString('utf16le');
  }
  return null;
}

/**
 * One international text of `moov/udta` (`©xyz`, `©day`): 16-bit length, 16-bit language, text. Null when there is none, also when
 * the user data is no list of boxes (recorders write all sorts of things there).
 * @param moov the payload of `moov`
 */
export function readUserText(moov: Buffer, type: string): string | null {
  return tolerating(() => {
    const payload = readUserItem(moov, type);
    if (!payload || payload.length < 4) return null;
    return payload.toString('utf8', 4, Math.min(payload.length, 4 + payload.readUInt16BE(0)));
  });
}

/** The payload of one item of `moov/udta`, or null. */
export function readUserItem(moov: Buffer, type: string): Buffer | null {
  return tolerating(() => {
    const box = findBox(readBoxes(moov), 'udta');
    if (!box) return null;
    const udta = boxPayload(moov, box);
    const item = findBox(readBoxes(udta), type);
    return item ? boxPayload(udta, item) : null;
  });
}
