import { secondReading, settingsText } from './icloud.mjs';

describe('the demonstration of iCloud', () => {
  it('names nothing but the stand-in', () => {
    const text = settingsText({ endpoints: { auth: 'http://127.0.0.1:1/appleauth/auth', setup: 'http://127.0.0.1:1/setup/ws/1' }, username: 'anna@example.com', password: 'two words' });
    expect(text).toContain('ICLOUD_AUTH_URL=http://127.0.0.1:1/appleauth/auth\n');
    expect(text).toContain('ICLOUD_PASSWORD="two words"\n');
    expect(text).not.toContain('apple.com');
  });

  it('tells a second reading that downloads something from one that does not', () => {
    const zones = [{ listed: 3, taken: 0, alreadyHere: 3 }, { listed: 1, taken: 0, alreadyHere: 1 }];
    expect(secondReading(zones, 0)).toBe('The second reading downloaded nothing: 4 listed, 0 taken, 4 already here.');
    expect(secondReading(zones, 2)).toContain('should have downloaded none');
  });
});
