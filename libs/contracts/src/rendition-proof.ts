import { z } from 'zod';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** A further picture or track inside the file (gain map, depth map, preview, motion video, timed metadata), equal by hash in both files. */
const EmbeddedPart = z.object({
  /** What it is, as its container names it: `MPF picture 2`, `item 49 (hvc1)`, `trailer`, `track 3 (mebx)`. */
  name: z.string(),
  bytes: z.number().int().nonnegative(),
  sha256: Sha256,
});
export type EmbeddedPart = z.infer<typeof EmbeddedPart>;

/** How alike the decoded result is to the decoded source. The metric says what the numbers mean. */
const MeasuredQuality = z.object({
  /** `ms-ssim-luma` (libs/media/src/quality), `ssim-luma` (ffmpeg), or `lossless` where every sample is equal. */
  metric: z.enum(['ms-ssim-luma', 'ssim-luma', 'lossless']),
  /** Of the whole picture or all frames; 1 is equal. */
  mean: z.number(),
  /** Of the worst square or frame. */
  worst: z.number(),
  /** Where the planes were coded one by one: how far chroma lies from the source's, root mean square, in levels of 255. */
  chroma: z.number().optional(),
});
export type MeasuredQuality = z.infer<typeof MeasuredQuality>;

/** How the encoder's strength was found. */
const QualitySearch = z.object({
  /** The score that was to be reached. */
  target: z.number(),
  /** `quality` (1–100, JPEG and WebP) or `crf` (x265). */
  parameter: z.enum(['quality', 'crf']),
  chosen: z.number(),
  /** What was tried on samples: the parameter, the quantisation table of a JPEG, the score, the share of the sample's bytes that is left. */
  trials: z.array(z.object({ value: z.number(), way: z.string().optional(), score: z.number(), size: z.number() })),
  milliseconds: z.number(),
});
export type QualitySearch = z.infer<typeof QualitySearch>;

/**
 * Why a rendition may count: what was compared with its source after it had been written, read back and decoded. Kept with its row
 * (`renditions.proof`) and shown by `media-pipeline asset show`. A rendition without a proof was made before proofs were kept.
 */
export const RenditionProof = z.object({
  version: z.literal(1),
  source: z.object({ sha256: Sha256, bytes: z.number().int() }),
  result: z.object({ sha256: Sha256, bytes: z.number().int() }),
  /** Result and source were decoded to their ends without complaint. */
  decoded: z.literal(true),
  /** Width and height as stored, frames, seconds: those that the medium has. */
  dimensions: z.object({ width: z.number(), height: z.number(), frames: z.number().optional(), seconds: z.number().optional() }),
  metadata: z.object({
    /** `bytes`: every metadata block is the same byte for byte; `tags`: read by exiftool and compared one by one. */
    compared: z.enum(['bytes', 'tags']),
    /** How many blocks or tags were compared. */
    count: z.number().int(),
    /** Tags that differ, all of them on the list of those that may. */
    allowed: z.array(z.string()),
  }),
  embedded: z.array(EmbeddedPart),
  quality: MeasuredQuality,
  search: QualitySearch.optional(),
  /** Present where it took the place of an earlier rendition: it was made from the archived original again, never from that rendition. */
  madeAgain: z
    .object({
      from: z.literal('archived original'),
      /** Where the original lay; its SHA-256 is that of `source`, and was computed before it was used. */
      path: z.string(),
      earlier: z.object({ sha256: Sha256, bytes: z.number().int() }),
    })
    .optional(),
  /** Encoder, version and what it was told. */
  encoder: z.record(z.string(), z.unknown()),
});
export type RenditionProof = z.infer<typeof RenditionProof>;
