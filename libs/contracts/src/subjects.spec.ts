import { catalogue, subjects } from './subjects';

const id = '018f3f5e-7b1a-7c3d-8e4f-0123456789ab';

describe('the catalogue', () => {
  it('gives every consumer a durable name of its own', () => {
    const names = subjects.flatMap((subject) => catalogue[subject].handledBy.map(({ durable }) => durable));
    expect(new Set(names).size).toBe(names.length);
  });

  it('takes what an operator writes by hand', () => {
    expect(catalogue['media.ingest.requested'].schema.safeParse({}).success).toBe(true);
    expect(catalogue['media.discovered'].schema.safeParse({ path: 'originals/IMG_1.HEIC' }).success).toBe(true);
    expect(catalogue['media.discovered'].schema.safeParse({ assetId: id, note: 'kept out' }).data).toEqual({ assetId: id });
    expect(catalogue['media.duplicate'].schema.safeParse({ assetId: id, duplicateOf: id }).success).toBe(true);
  });

  it.each([[{}], [{ path: '/etc/passwd' }], [{ path: '../x' }], [{ assetId: 'IMG_1.HEIC' }], [[]], ['text']])('refuses %j', (payload) => {
    expect(catalogue['media.discovered'].schema.safeParse(payload).success).toBe(false);
  });

  it('keeps secrets to one consumer: the message is erased after it', () => {
    const secret = subjects.filter((subject) => catalogue[subject].secret);
    expect(secret).toEqual(['media.icloud.code']);
    for (const subject of secret) expect(catalogue[subject].handledBy).toHaveLength(1);
  });
});
