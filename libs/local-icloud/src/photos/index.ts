import type { FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import type { FaultBoard } from '../faults';
import { answerDatabaseChanges, answerLookup, answerZoneChanges, answerZones } from './changes';
import { answerCounts } from './counts';
import { answerDownload } from './download';
import type { LocalLibrary } from './library';
import { answerQuery } from './query';
import { badRequest, CloudKitRefusal } from './refusals';
import { object } from './requests';
import type { Json } from './requests';
import { PhotoService } from './service';
import type { Asking } from './service';

export { LocalLibrary } from './library';
export type { Edit, LibraryAsset, NewAsset } from './assets';
export type { ContentInput } from './content';
export type { SyntheticOptions } from './synthetic-library';

/** What the photo routes need of the server around them. */
export interface PhotosParts {
  readonly library: LocalLibrary;
  readonly faults: FaultBoard;
  /** Answers 421 itself when the request carries no session. */
  readonly requireSession: preHandlerAsyncHookHandler;
  /** Scheme, host and port that download URLs begin with; known once the server listens. */
  readonly origin: () => string;
}

const answers: Readonly<Record<string, (service: PhotoService, body: Json, asking: Asking) => object>> = {
  'zones/list': (service, _body, asking) => answerZones(service, asking),
  'changes/database': answerDatabaseChanges,
  'changes/zone': answerZoneChanges,
  'records/query': answerQuery,
  'records/lookup': answerLookup,
  'internal/records/query/batch': answerCounts,
};

/**
 * Adds the photo service's routes: the CloudKit database `com.apple.photos.cloud` (private and shared) behind the session, and the content
 * host, whose signed URLs are all it asks for. Shapes follow recorded answers and what icloudpd, icloudpd-rs and pyicloud read.
 */
export function registerPhotos(app: FastifyInstance, parts: PhotosParts): void {
  const service = new PhotoService(parts.library, parts.faults);
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // whatever is sent is read as text, so that the session is looked at first and the refusal is CloudKit's own
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, parsed) => parsed(null, body));
    scope.setErrorHandler((error, _request, reply) => {
      if (error instanceof CloudKitRefusal) return reply.code(error.statusCode).send(error.body());
      throw error;
    });
    for (const database of ['private', 'shared'] as const) {
      for (const [path, answer] of Object.entries(answers)) {
        scope.post(`/database/1/com.apple.photos.cloud/production/${database}/${path}`, { preHandler: parts.requireSession }, (request, reply) => {
          service.refuseWhenThrottled();
          const { getCurrentSyncToken } = object(request.query ?? {}, 'query string');
          return reply.send(answer(service, bodyOf(request), { database, origin: parts.origin(), wantsToken: /^true$/i.test(String(getCurrentSyncToken)) }));
        });
      }
    }
    scope.get<{ Params: { id: string }; Querystring: Record<string, unknown> }>('/B/:id/:name', (request, reply) => answerDownload(service, request, reply));
    done();
  });
}

/** CloudKit takes JSON that calls itself text/plain (web clients), plain/text (pyicloud) or application/json. */
function bodyOf(request: FastifyRequest): Json {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!['text/plain', 'plain/text', 'application/json'].includes(type)) throw badRequest(`unsupported content type '${type}'`);
  let value: unknown;
  try {
    value = JSON.parse(typeof request.body === 'string' ? request.body : '');
  } catch {
    throw badRequest('the body is not valid JSON');
  }
  return object(value, 'body');
}
