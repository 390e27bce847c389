import { loadConfig } from '@media-pipeline/config';
import { whyOff } from './pixel-sync.service';

const settings = (env: Record<string, string>) => loadConfig({ env }).config;

describe('whyOff', () => {
  it('names what is missing', () => {
    expect(whyOff(settings({}))).toContain('SYNCTHING_API_KEY is empty');
    expect(whyOff(settings({ ENABLE_PIXEL_UPLOAD: 'false' }))).toContain('ENABLE_PIXEL_UPLOAD=false');
  });

  it('does not pretend to hand over', () => {
    expect(whyOff(settings({ SYNCTHING_API_KEY: 'key' }))).toContain('cannot hand files to the Pixel yet');
  });
});
