/** An answer that has been read to its end. */
export interface Answer {
  readonly status: number;
  /** Lower-case names; several of one name are joined. */
  readonly headers: Readonly<Record<string, string>>;
  /** Each Set-Cookie header by itself. */
  readonly setCookies: readonly string[];
  readonly text: string;
  /** The body when it is JSON, else undefined. */
  readonly json: unknown;
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The property of an object by name; undefined for anything that is no object. */
export const property = (value: unknown, ...names: readonly string[]): unknown =>
  names.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);

export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null);

/** Error numbers like `-21669` of `service_errors` or `serviceErrors`, as Apple's services put them into bodies of any status. */
export function serviceErrorCodes(answer: Answer): readonly string[] {
  const errors = property(answer.json, 'service_errors') ?? property(answer.json, 'serviceErrors');
  return Array.isArray(errors) ? errors.map((error: unknown) => textOf(property(error, 'code')) ?? 'unknown') : [];
}

/**
 * What the answer really says: Apple's services now and then put a refusal into HTTP 200, as `X-Apple-I-Rscd: 401` or `403` or as `hasError`
 * in the body (as icloudpd-rs reads it). Other values of that header are only a copy of the status.
 */
export function effectiveStatus(answer: Answer): number {
  if (answer.status < 200 || answer.status > 299) return answer.status;
  const said = Number(answer.headers['x-apple-i-rscd']);
  if (said === 401 || said === 403) return said;
  const refused = property(answer.json, 'hasError') === true || property(answer.json, 'has_error') === true || serviceErrorCodes(answer).length > 0;
  return refused ? 401 : answer.status;
}

/** An answer in words that hold no secret: its status, Apple's error numbers and what kind of body it has. */
export function describe(answer: Answer): string {
  const codes = serviceErrorCodes(answer).filter((code) => /^[-\w]{1,40}$/.test(code));
  const kind = answer.json === undefined && answer.text !== '' ? `, a body that is no JSON (${answer.headers['content-type']?.split(';')[0] ?? 'no type'})` : '';
  return `HTTP ${answer.status}${codes.length > 0 ? `, error ${codes.join(', ')}` : ''}${kind}`;
}
