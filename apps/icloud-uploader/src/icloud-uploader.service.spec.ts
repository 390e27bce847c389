import { loadConfig } from '@media-pipeline/config';
import { whyOff } from './icloud-uploader.service';

const settings = (env: Record<string, string>) => loadConfig({ env }).config;

describe('whyOff', () => {
  it('names what is missing', () => {
    expect(whyOff(settings({}))).toContain('ICLOUD_USERNAME is empty');
    expect(whyOff(settings({ ENABLE_ICLOUD_UPLOAD: 'false' }))).toContain('ENABLE_ICLOUD_UPLOAD=false');
  });

  it('does not pretend to upload', () => {
    expect(whyOff(settings({ ICLOUD_USERNAME: 'someone@example.com' }))).toContain('cannot upload to iCloud yet');
  });
});
