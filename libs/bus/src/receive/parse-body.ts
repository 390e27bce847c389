import { catalogue, PipelineError, type Payload, type Subject } from '@media-pipeline/contracts';

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What is wrong with a payload, for a person: `path: must be relative to the library; source: Invalid option`. */
export const explainIssues = (error: { readonly issues: readonly Issue[] }): string =>
  error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`)).join('; ');

/** The body as JSON (nothing counts as `{}`), or its text when it is not JSON. */
export function looselyParse(body: Uint8Array): unknown {
  const text = Buffer.from(body).toString('utf8');
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** Parses and checks what came on a subject. @throws PipelineError INVALID_MESSAGE, readable, with the field's path */
export function parseBody<S extends Subject>(subject: S, body: Uint8Array): Payload<S> {
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    // what the parser complains about quotes the text
    if (catalogue[subject].secret) throw new PipelineError('INVALID_MESSAGE', 'not JSON');
    throw new PipelineError('INVALID_MESSAGE', `not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const parsed = catalogue[subject].schema.safeParse(json);
  if (!parsed.success) throw new PipelineError('INVALID_MESSAGE', explainIssues(parsed.error), { cause: parsed.error });
  return parsed.data as Payload<S>;
}

const parseJson = (text: string): unknown => (text.trim() === '' ? {} : JSON.parse(text));

/** The asset that a payload names, if it does. */
export function assetOf(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || !('assetId' in payload)) return undefined;
  return typeof payload.assetId === 'string' ? payload.assetId : undefined;
}

/** What a payload is about, for progress: its asset, its batch, else nothing. */
export function aboutOf(payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined;
  return assetOf(payload) ?? ('batchId' in payload && typeof payload.batchId === 'string' ? payload.batchId : undefined);
}
