import { secondReading, settingsText } from './icloud.mjs';

describe('the demonstration of iCloud', () => {
  it('names nothing but the stand-in', () => {
    const text = settingsText({ endpoints: { auth: 'http://127.0.0.1:1/appleauth/auth', setup: 'http://127.0.0.1:1/setup/ws/1' }, username: 'anna@example.com', password: 'two words' });
    expect(text).toContain('ICLOUD_AUTH_URL=http://127.0.0.1:1/appleauth/auth\n');
    expect(text).toContain('ICLOUD_PASSWORD="two words"\n');
    expect(text).not.toContain('apple.com');
  });

  it('tells a second reading that downloads something from one that does not', () => {
    const zones = [{ full: { taken: 3, here: 1 } }, { full: null }];
    expect(secondReading({ asked: { changed: [] }, zones }, 0)).toBe('The second reading downloaded nothing: asked what is new, iCloud said nothing, and all 4 photos and videos are here.');
    expect(secondReading({ asked: { changed: ['PrimarySync'] }, zones }, 0)).toContain('everything was listed');
    expect(secondReading({ asked: null, zones: [] }, 2)).toContain('should have downloaded none');
  });
});
