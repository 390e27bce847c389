import fc from 'fast-check';
import known from './adapters/browser/selectors.json';
import { namedIn, stateOf, type FrameReading } from './page-state';

const frame = (changes: Partial<FrameReading>): FrameReading => ({ url: 'https://www.icloud.com/photos/', dialogs: [], statuses: [], asksToSignIn: false, ...changes });
const state = (...frames: Partial<FrameReading>[]) => stateOf(frames.map(frame), known.messages);

it.each([
  [{}, { kind: 'idle' }],
  [{ statuses: ['Uploading 3 of 10'] }, { kind: 'uploading', done: 3, total: 10 }],
  [{ statuses: ['Uploading item 12 of 1,000…'] }, { kind: 'uploading', done: 12, total: 1000 }],
  [{ statuses: ['Wird hochgeladen: 3 von 10'] }, { kind: 'uploading', done: 3, total: 10 }],
  [{ statuses: ['Upload complete'] }, { kind: 'finished' }],
  [{ dialogs: ['iCloud Storage Is Full. Upgrade your storage.'] }, { kind: 'quota_full', text: 'iCloud Storage Is Full. Upgrade your storage.' }],
  [{ dialogs: ['There is not enough iCloud storage to upload these items'] }, { kind: 'quota_full' }],
  [{ dialogs: ['“a.heic”: file type is not supported'] }, { kind: 'rejected_type' }],
  [{ dialogs: ['2 items could not be uploaded: IMG_1.JPG, IMG_2.JPG'] }, { kind: 'partial_failure' }],
  [{ asksToSignIn: true }, { kind: 'signed_out' }],
  [{ statuses: ['Your iCloud storage is almost full'] }, { kind: 'idle' }],
  [{ dialogs: ['Your iCloud storage is almost full. Upgrade to iCloud+.'], statuses: ['Uploading 3 of 10'] }, { kind: 'uploading' }],
  [{ dialogs: ['Your session has expired. Sign in again to continue.'] }, { kind: 'signed_out' }],
  [{ dialogs: ['What is new in Photos'] }, { kind: 'dialog', text: 'What is new in Photos' }],
] as const)('%j', (reading, expected) => expect(state(reading)).toMatchObject(expected));

it('lets what stands in the way go before what goes on, in whatever frame', () => {
  expect(state({ statuses: ['Uploading 3 of 10'] }, { dialogs: ['Storage full'] }).kind).toBe('quota_full');
  expect(state({ statuses: ['Uploading 3 of 10'], dialogs: ['Storage full'] }, { asksToSignIn: true }).kind).toBe('signed_out');
});

it('finds the files that a message names, and none that only looks alike', () => {
  const names = ['IMG_1.JPG', 'IMG_10.JPG', 'IMG_1.JPG.jpg', 'été à Nîmes.mov', 'a (2).jpg', 'IMG_1 (2).JPG'];
  expect(namedIn('could not upload IMG_10.JPG', names)).toEqual(['IMG_10.JPG']);
  expect(namedIn('could not upload “IMG_1.jpg”, été à Nîmes.mov and a (2).jpg.', names)).toEqual(['IMG_1.JPG', 'été à Nîmes.mov', 'a (2).jpg']);
  expect(namedIn('2 items could not be uploaded', names)).toEqual([]);
  const odd = ['portrait-6.jpg', 'a/b.jpg', '[x]^$|\\.jpg', '-.jpg', '{1}+?*.jpg'];
  expect(namedIn(`could not upload ${odd.join(', ')}`, odd)).toEqual(odd);
});

it('reads any text, and any name', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string({ unit: 'binary', minLength: 1 })), (text, names) => {
    expect(() => state({ dialogs: [text], statuses: [text] })).not.toThrow();
    expect(names).toEqual(expect.arrayContaining(namedIn(text, names)));
  }), { numRuns: 30 });
});
