import { PipelineError, toPipelineError } from './errors';

describe('toPipelineError', () => {
  it('keeps a PipelineError as it is', () => {
    const error = new PipelineError('FILE_EMPTY', 'x.jpg has no bytes');
    expect(toPipelineError(error)).toBe(error);
    expect(error.permanent).toBe(true);
  });

  it.each([
    ['ENOSPC', 'DISK_FULL', false],
    ['EROFS', 'LIBRARY_READ_ONLY', false],
    ['EIO', 'IO_ERROR', false],
    ['EWHATEVER', 'UNEXPECTED', true],
  ] as const)('reads the errno %s as %s', (errno, code, permanent) => {
    const error = toPipelineError(Object.assign(new Error('no'), { code: errno }));
    expect(error).toMatchObject({ code, permanent });
    expect(error.advice).not.toBe('');
  });

  it('takes anything that was thrown', () => {
    expect(toPipelineError('text')).toMatchObject({ code: 'UNEXPECTED', message: 'text' });
  });
});
