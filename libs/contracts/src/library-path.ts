import { z } from 'zod';

/**
 * A path inside the library as it travels in messages and stands in the database: relative, `/` between segments,
 * no empty, `.` or `..` segment, no NUL, at most 4096 bytes. `originals/2021/IMG_1.HEIC`.
 */
export const LibraryPath = z
  .string()
  .min(1)
  .refine((path) => Buffer.byteLength(path) <= 4096, 'longer than 4096 bytes')
  .refine((path) => !path.includes('\0'), 'contains a NUL character')
  .refine((path) => !path.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(path), 'must be relative to the library, not absolute')
  .refine((path) => path.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..'), 'must not contain empty, "." or ".." segments')
  .brand<'LibraryPath'>();
export type LibraryPath = z.infer<typeof LibraryPath>;
