import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { PipelineError } from '@media-pipeline/contracts';
import { errnoOf } from '@media-pipeline/files';
import { messageKinds, type MessageKind, type Messages } from '../../page-state';
import known from './selectors.json';

/** Things on Apple's pages that are looked for, each by a list of selectors: the first one that finds something counts. */
export const targets = ['uploadControl', 'fileInput', 'signIn', 'account', 'password', 'keepSignedIn', 'continue', 'codeField'] as const;
export type Target = (typeof targets)[number];
export type Selectors = Readonly<Record<Target, readonly string[]>> & { readonly messages: Messages };

const list = z.array(z.string().min(1));
const expressions = z.array(z.string().min(1).refine(isExpression, 'is no regular expression'));
const File = z.strictObject({
  uploadControl: list.optional(),
  fileInput: list.optional(),
  signIn: list.optional(),
  account: list.optional(),
  password: list.optional(),
  keepSignedIn: list.optional(),
  continue: list.optional(),
  codeField: list.optional(),
  messages: z.partialRecord(z.enum(messageKinds), expressions).optional(),
});

/**
 * In the order in which they are tried: what the command or ICLOUD_UPLOAD_SELECTOR names, what the person's file adds, what this version knows.
 * Selectors are those of Puppeteer: CSS, `>>>` into shadow roots, `::-p-aria([name="Upload"][role="button"])`, `::-p-text(Upload)`.
 * @param first for the upload: of the control or of the file field
 * @param file a JSON file like selectors.json that may leave targets out; one that is not there adds nothing
 * @throws SETTINGS_INVALID when the file says something else
 */
export async function readSelectors(first: string | null, file: string | null): Promise<Selectors> {
  const added = file === null ? {} : await readAdded(file);
  const of = (target: Target): readonly string[] => {
    const named = first !== null && (target === 'uploadControl' || target === 'fileInput') ? [first] : [];
    return [...new Set([...named, ...(added[target] ?? []), ...known[target]])];
  };
  const messagesOf = (kind: MessageKind): readonly string[] => [...new Set([...(added.messages?.[kind] ?? []), ...known.messages[kind]])];
  return {
    uploadControl: of('uploadControl'),
    fileInput: of('fileInput'),
    signIn: of('signIn'),
    account: of('account'),
    password: of('password'),
    keepSignedIn: of('keepSignedIn'),
    continue: of('continue'),
    codeField: of('codeField'),
    messages: {
      progress: messagesOf('progress'),
      finished: messagesOf('finished'),
      quotaFull: messagesOf('quotaFull'),
      rejectedType: messagesOf('rejectedType'),
      partialFailure: messagesOf('partialFailure'),
      signedOut: messagesOf('signedOut'),
    },
  };
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(text, 'iu') instanceof RegExp;
  } catch {
    return false;
  }
}

async function readAdded(file: string): Promise<z.infer<typeof File>> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '{}';
    throw new PipelineError('SETTINGS_INVALID', `${file} (ICLOUD_SELECTORS_FILE) cannot be read`, { cause: error });
  });
  try {
    return File.parse(JSON.parse(text));
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new PipelineError('SETTINGS_INVALID', `${file} (ICLOUD_SELECTORS_FILE) is not a list of selectors for each of ${targets.join(', ')}: ${what}`, { cause: error });
  }
}
