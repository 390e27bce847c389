import { isId, newId } from './id';

describe('newId', () => {
  it('makes UUIDs of version 7 in ascending order, more than a millisecond holds', () => {
    const ids = Array.from({ length: 20_000 }, newId);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids.slice(0, 100)) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('carries the time', () => {
    const before = Date.now();
    const carried = parseInt(newId().replaceAll('-', '').slice(0, 12), 16);
    expect(Math.abs(carried - before)).toBeLessThan(2_000);
  });

  it('tells an id from what Postgres would refuse', () => {
    expect(isId(newId())).toBe(true);
    expect(['', 'IMG_1.jpg', newId().slice(1), `${newId()}0`].some(isId)).toBe(false);
  });
});
