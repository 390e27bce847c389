import { convertedName, instead } from './conversion';
import { conversionsOf, putAtOf, writeEvidence } from './evidence';
import { decisive, type Standing } from './standing';

it('is had of HEIC and MP4 alone', () => {
  const type = (format: 'heic' | 'mp4' | 'mov' | 'raw') => ({ format, family: 'image', mime: '', extension: '' }) as const;
  expect([type('heic'), type('mp4'), type('mov'), type('raw'), null].map(instead)).toEqual(['JPEG', 'QuickTime', null, null, null]);
});

it.each([
  ['IMG_1.HEIC', 'JPEG', [], 'IMG_1.JPG'],
  ['IMG_1.HEIC', 'JPEG', ['img_1.heic', 'img_1.jpg'], 'IMG_1.HEIC.JPG'],
  ['a.b.m4v', 'QuickTime', [], 'a.b.MOV'],
] as const)('%s as %s beside %j is called %s', (name, into, taken, expected) => {
  expect(convertedName(name, into, new Set<string>(taken))).toBe(expected);
});

describe('what a delivery was handed over as', () => {
  const sent = { into: 'JPEG', name: 'IMG_1.JPG', bytes: 3, sha256: 'b', checksum: 'c', putAt: '2026-01-01T00:00:00.000Z' } as const;

  it('is remembered on its way and after a failure', () => {
    const handedOff = writeEvidence({ route: 'browser', putAt: null, conversions: [sent] });
    expect(putAtOf({ state: 'handed_off', evidence: handedOff })).toBeNull();
    expect(conversionsOf({ evidence: handedOff })).toEqual([sent]);
    expect(conversionsOf({ evidence: writeEvidence({ code: 'ICLOUD_IN_TRASH', reason: '', conversions: [sent] }) })).toEqual([sent]);
  });

  it.each([null, '{}', 'not JSON', '{"conversions":[{}]}', '{"converted":{"into":"JPEG"}}'])('is nothing in %j', (evidence) => {
    expect(conversionsOf({ evidence })).toEqual([]);
  });
});

it('counts by what iCloud shows, in whatever form', () => {
  const standing = (kind: 'wait' | 'send' | 'given_up'): { standing: Standing } => ({ standing: kind === 'send' ? { kind } : kind === 'wait' ? { kind, reason: '' } : { kind, code: 'ICLOUD_IN_TRASH', reason: '' } });
  const proven = { standing: { kind: 'proven', found: { kind: 'there', recordName: 'r', masterName: 'm' } } as const };
  expect(decisive<{ standing: Standing }>(standing('given_up'), [proven])).toBe(proven);
  expect(decisive(standing('send'), [standing('wait')]).standing.kind).toBe('wait');
  expect(decisive(standing('send'), [standing('given_up'), standing('wait')]).standing.kind).toBe('given_up');
});
