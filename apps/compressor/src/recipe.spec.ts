import { loadConfig } from '@media-pipeline/config';
import { compressionSettings } from './recipe';

describe('compressionSettings', () => {
  it.each([
    ['100', '50', '1080', '720', 50, 720],
    ['80', '100', '720', '1080', 80, 720],
    ['80', '100', '1080', '', 80, 1080],
    ['100', '100', '', '720', 100, 720],
    ['100', '100', '', '', 100, null],
  ])('never asks for more of old files than of new ones (%s, %s; %s, %s)', (initial, subsequent, initialVideo, subsequentVideo, resizePercentage, videoResolution) => {
    const { compression } = loadConfig({
      env: {},
      overrides: {
        ...{ INITIAL_RESIZE_PERCENTAGE: initial, SUBSEQUENT_RESIZE_PERCENTAGE: subsequent },
        ...(initialVideo && { INITIAL_VIDEO_RESOLUTION: initialVideo }),
        ...(subsequentVideo && { SUBSEQUENT_VIDEO_RESOLUTION: subsequentVideo }),
      },
    }).config;
    expect(compressionSettings(compression, 'subsequent')).toEqual({ ...compressionSettings(compression), resizePercentage, videoResolution });
  });
});
