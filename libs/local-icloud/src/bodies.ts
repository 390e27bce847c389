import type { FastifyInstance } from 'fastify';

const MAX_BODY = 512 * 1024 * 1024;

/**
 * Reads bodies as Apple's servers do: JSON whatever it calls itself or does not (web clients send CloudKit queries as text/plain, icloudpd
 * sends accountLogin without a type), an empty body is no error (`PUT …/securitycode` has none), and what names another type (uploaded
 * bytes) stays a Buffer.
 */
export function acceptBodies(app: FastifyInstance): void {
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true }); // pyicloud sends getTerms a body
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(['application/json', 'text/plain', 'application/x-www-form-urlencoded'], { parseAs: 'string', bodyLimit: MAX_BODY }, (_request, body, done) => {
    parse(body.toString(), done);
  });
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY }, (request, body, done) => {
    if ((request.headers['content-type'] ?? '') === '') parse(body.toString(), done);
    else done(null, body);
  });
}

function parse(text: string, done: (error: Error | null, body?: unknown) => void): void {
  if (text.trim() === '') {
    done(null, null);
    return;
  }
  try {
    const value: unknown = JSON.parse(text);
    done(null, value);
  } catch {
    done(Object.assign(new Error('the body is not JSON'), { statusCode: 400 }));
  }
}
