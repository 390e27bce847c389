import { secondReading, settingsText, uploadsInWords } from './icloud.mjs';

describe('the demonstration of iCloud', () => {
  it('names nothing but the stand-in', () => {
    const text = settingsText({ endpoints: { auth: 'http://127.0.0.1:1/appleauth/auth', setup: 'http://127.0.0.1:1/setup/ws/1' }, pageUrl: 'http://127.0.0.1:1/photos/', username: 'anna@example.com', password: 'two words' });
    expect(text).toContain('ICLOUD_AUTH_URL=http://127.0.0.1:1/appleauth/auth\n');
    expect(text).toContain('ICLOUD_PASSWORD="two words"\n');
    expect(text).toContain('ICLOUD_PHOTOS_URL=http://127.0.0.1:1/photos/\n');
    expect(text).toContain('ICLOUD_UPLOAD_ROUTE=http\n');
    expect(text).not.toMatch(/apple\.com|icloud\.com/);
  });

  it('tells a second reading that downloads something from one that does not', () => {
    const zones = [{ full: { taken: 3, here: 1 } }, { full: null }];
    expect(secondReading({ asked: { changed: [] }, zones }, 0)).toBe('The second reading downloaded nothing: asked what is new, iCloud said nothing, and all 4 photos and videos are here.');
    expect(secondReading({ asked: { changed: ['PrimarySync'] }, zones }, 0)).toContain('everything was listed');
    expect(secondReading({ asked: { changed: ['PrimarySync'] }, zones: [{ ...zones[0], changes: { skipped: { own_upload: 2 } } }] }, 0)).toContain('iCloud named the 2 that were uploaded from here, which are left out, and all 4');
    expect(secondReading({ asked: null, zones: [] }, 2)).toContain('should have downloaded none');
  });

  it('says what was uploaded, and when it was too much', () => {
    expect(uploadsInWords([1, 1])).toContain('Uploaded to the stand-in: 2 photos and videos');
    expect(uploadsInWords([])).toContain('Nothing had to be uploaded');
    expect(uploadsInWords([1, 2])).toContain('1 of 2 uploads are there more than once');
  });
});
