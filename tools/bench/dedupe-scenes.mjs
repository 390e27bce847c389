// Pictures for measuring how duplicates are told from other pictures: drawn scenes with depth, seen from one place or another.
import sharp from 'sharp';
import { seededRandom } from './pictures.mjs';

const colour = (random, low = 20, high = 235) => `rgb(${[0, 0, 0].map(() => Math.round(low + random() * (high - low))).join(',')})`;

/**
 * One scene. `view` is how it was seen: `pan` (share of the width; what is near moves more), `subject` (where the person stands, 0–1),
 * `light` (factor), `seed` (of the sensor's noise).
 */
export async function scene(seed, { width = 1600, height = 1200, view = {} } = {}) {
  const { pan = 0, subject = 0.5, light = 1, seed: noise = 1 } = view;
  const random = seededRandom(seed * 7919 + 13);
  const at = (depth) => pan * width * (0.4 + depth);
  const horizon = height * (0.25 + random() * 0.45);
  const parts = [`<defs><linearGradient id="s" x1="0" y1="0" x2="${random().toFixed(2)}" y2="1"><stop offset="0" stop-color="${colour(random)}"/><stop offset="1" stop-color="${colour(random)}"/></linearGradient></defs>`, `<rect width="${width}" height="${height}" fill="url(#s)"/>`];
  for (let layer = 0; layer < 3; layer++) {
    const base = horizon + layer * height * 0.13;
    const points = Array.from({ length: 9 }, (_, i) => `${Math.round((i / 8) * width * 1.4 - width * 0.2 + at(layer * 0.3))},${Math.round(base - random() * height * 0.3)}`);
    parts.push(`<polygon points="${-width},${height} ${points.join(' ')} ${2 * width},${height}" fill="${colour(random)}"/>`);
  }
  const things = 4 + Math.floor(random() * 9);
  for (let thing = 0; thing < things; thing++) {
    const depth = random();
    const size = height * (0.04 + depth * 0.2);
    const [x, y] = [random() * width + at(depth), horizon + random() * (height - horizon)];
    const fill = colour(random);
    const kind = random();
    if (kind < 0.35) parts.push(`<ellipse cx="${x}" cy="${y}" rx="${size * (0.5 + random())}" ry="${size}" fill="${fill}"/>`);
    else if (kind < 0.7) parts.push(`<rect x="${x}" y="${y - size}" width="${size * (0.3 + random())}" height="${size * 2}" fill="${fill}"/>`);
    else parts.push(`<path d="M${x} ${y} q${size} ${-2 * size} ${2 * size} 0 z" fill="${fill}" stroke="${colour(random)}" stroke-width="${size / 8}"/>`);
  }
  const person = subject * width + at(0.8);
  parts.push(`<g fill="${colour(random)}"><circle cx="${person}" cy="${height * 0.55}" r="${height * 0.06}"/><rect x="${person - height * 0.07}" y="${height * 0.6}" width="${height * 0.14}" height="${height * 0.3}" rx="30"/></g>`);
  const grain = await sharp({ create: { width: 400, height: 300, channels: 3, background: '#808080', noise: { type: 'gaussian', mean: 128, sigma: 24 + noise } } }).resize(width, height).png().toBuffer();
  const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${parts.join('')}</svg>`);
  return sharp(svg).flatten().composite([{ input: grain, blend: 'soft-light' }]).linear(light, 0).removeAlpha().raw().toBuffer({ resolveWithObject: true }).then(({ data, info }) => ({ data, width: info.width, height: info.height }));
}

export const open = ({ data, width, height }) => sharp(data, { raw: { width, height, channels: 3 } });
const part = (picture, share) => ({ left: Math.round((picture.width * (1 - share)) / 3), top: Math.round((picture.height * (1 - share)) / 2), width: Math.round(picture.width * share), height: Math.round(picture.height * share) });
const mark = ({ width, height }) => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><text x="${width * 0.55}" y="${height * 0.95}" font-size="${height / 14}" font-weight="bold" fill="white" stroke="black" stroke-width="2">© Example 2021</text></svg>`);

/** What people and programs do to a picture. Each gives a sharp pipeline from its pixels. */
export const changes = {
  'recompressed, JPEG q40': (p) => open(p).jpeg({ quality: 40 }),
  'half the size': (p) => open(p).resize({ width: Math.round(p.width / 2) }).jpeg({ quality: 80 }),
  'messenger (1/4 size, q60)': (p) => open(p).resize({ width: Math.round(p.width / 4) }).jpeg({ quality: 60 }),
  'as WebP': (p) => open(p).webp({ quality: 70 }),
  'brighter, more colour': (p) => open(p).modulate({ brightness: 1.15, saturation: 1.15 }).jpeg({ quality: 85 }),
  'cropped to 95 %': (p) => open(p).extract(part(p, 0.95)).jpeg({ quality: 88 }),
  'cropped to 90 %': (p) => open(p).extract(part(p, 0.9)).jpeg({ quality: 88 }),
  'cropped to 80 %': (p) => open(p).extract(part(p, 0.8)).jpeg({ quality: 88 }),
  'turned by 90°': (p) => open(p).rotate(90).jpeg({ quality: 85 }),
  'turned by 180°': (p) => open(p).rotate(180).jpeg({ quality: 85 }),
  'straightened by 2°': (p) => open(p).rotate(2, { background: '#000' }).extract(part({ width: Math.round(p.width), height: Math.round(p.height) }, 0.92)).jpeg({ quality: 85 }),
  watermark: (p) => open(p).composite([{ input: mark(p) }]).jpeg({ quality: 85 }),
};

/** Other photos of the same scene: none of them is a copy. `gap` is the time between the two exposures in seconds. */
export const others = {
  'burst: subject moves, 1 s': { gap: 1, views: [{ subject: 0.42 }, { subject: 0.5, seed: 3 }] },
  'burst: nothing moves, 1 s': { gap: 1, views: [{}, { seed: 4 }] },
  'panned by 3 %, 20 s': { gap: 20, views: [{}, { pan: 0.03, seed: 2 }] },
  'other light, an hour': { gap: 3600, views: [{}, { light: 0.8, subject: 0.3, seed: 5 }] },
  'nothing moves, 20 s': { gap: 20, views: [{}, { seed: 6 }] },
};
