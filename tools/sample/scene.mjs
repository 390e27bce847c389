import sharp from 'sharp';
import { seeded } from './noise.mjs';

/** Sky, hills, water: what a camera sees, in colours of the hour. */
const palettes = {
  morning: ['#f6c78f', '#7fb2d9', '#5b7d5a', '#2f4a3a', '#fff3d0'],
  noon: ['#8cc6f0', '#2f7fc4', '#4f8a3d', '#2c5a2a', '#fffbe6'],
  evening: ['#f0703c', '#3a2a5c', '#4a3552', '#1f1830', '#ffd27a'],
  winter: ['#dfe9f2', '#8fa6bd', '#a9b6c1', '#5f6f7d', '#ffffff'],
};

function drawing(width, height, palette, seed) {
  const [low, high, near, far, sun] = palettes[palette];
  const random = seeded(seed);
  const hills = (base, height_, colour) => {
    const points = Array.from({ length: 14 }, (_, index) => `${(index / 13) * width},${(base - random() * height_) * height}`);
    return `<polygon fill="${colour}" points="0,${height} ${points.join(' ')} ${width},${height}"/>`;
  };
  const houses = Array.from({ length: 9 }, () => {
    const [x, size] = [random() * width, (0.02 + random() * 0.05) * width];
    return `<rect x="${x}" y="${height * 0.78 - size}" width="${size}" height="${size * 1.4}" fill="hsl(${random() * 60},40%,${30 + random() * 40}%)"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="${high}"/><stop offset="1" stop-color="${low}"/></linearGradient></defs>
    <rect width="100%" height="100%" fill="url(#sky)"/>
    <circle cx="${(0.2 + random() * 0.6) * width}" cy="${(0.15 + random() * 0.2) * height}" r="${height * 0.06}" fill="${sun}"/>
    ${hills(0.6, 0.22, far)}${hills(0.75, 0.15, near)}${houses.join('')}
  </svg>`;
}

/**
 * A landscape with the grain of a sensor, so that compressing it behaves as with a photo.
 * @param {{ width: number, height: number, palette: keyof typeof palettes, seed: number, grain?: number, turn?: 0 | 90 | 180 | 270 }} wish
 *   `width` and `height` as stored; `turn` is what a viewer turns it by, clockwise, to have it upright; `grain` in steps of 255
 * @returns {Promise<sharp.Sharp>} raw RGB pixels, ready for any encoder
 */
export async function scene({ width, height, palette, seed, grain = 7, turn = 0 }) {
  const upright = turn % 180 === 0 ? drawing(width, height, palette, seed) : drawing(height, width, palette, seed);
  const pixels = await sharp(Buffer.from(upright)).rotate(360 - turn).removeAlpha().raw().toBuffer();
  const random = seeded(seed * 7919);
  for (let index = 0; index < pixels.length; index += 3) {
    const noise = (random() + random() - 1) * grain;
    for (let channel = 0; channel < 3; channel++) pixels[index + channel] = Math.max(0, Math.min(255, pixels[index + channel] + noise));
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}
