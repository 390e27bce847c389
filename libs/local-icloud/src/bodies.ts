import type { FastifyInstance } from 'fastify';

const MAX_BODY = 512 * 1024 * 1024;

/**
 * Reads bodies as Apple's servers do: JSON whatever it calls itself (web clients send CloudKit queries as text/plain), an empty body
 * is no error (`PUT …/securitycode` has none), and anything else (uploaded bytes) stays a Buffer.
 */
export function acceptBodies(app: FastifyInstance): void {
  app.addHttpMethod('GET', { hasBody: true }); // pyicloud sends getTerms a body
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(['application/json', 'text/plain', 'application/x-www-form-urlencoded'], { parseAs: 'string', bodyLimit: MAX_BODY }, (_request, body, done) => {
    const text = body.toString();
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
  });
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY }, (_request, body, done) => {
    done(null, body);
  });
}
