import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify';
import { z } from 'zod';
import type { UploadRoute } from '../faults';
import type { LocalLibrary } from '../photos';
import { answer, refusal, settle, struck } from './outcome';
import type { Outcome } from './outcome';
import { isFull, putAssetBody, putFile } from './put-asset';
import type { FileAnswer, Putting } from './put-asset';

export { LocalUploads } from './local-uploads';
export type { UploadedAsset } from './local-uploads';

const createBody = z.object({ zoneName: z.string(), assets: z.record(z.string().min(1), z.int().positive()) });
const statusBody = z.strictObject({ uploadJobIds: z.array(z.string()) });

/** What the upload routes need of the server around them. */
export interface UploadParts extends Putting {
  readonly requireSession: preHandlerAsyncHookHandler;
  readonly endSession: () => void;
  readonly dsid: () => string;
  readonly origin: () => string;
}

type Work = (request: FastifyRequest, parts: UploadParts) => Promise<Outcome> | Outcome;

/**
 * Adds the photosupload service behind the session, and the content host that takes bytes at signed URLs without one. Shapes and the
 * answers 200, 409 and 503 follow recorded ones (pyicloud's fixtures); `uploadimagews` answers 410 as it does since 2026-08-25.
 */
export function registerUploads(app: FastifyInstance, parts: UploadParts): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // read as text, so that the session is looked at before the body, and the refusal is the service's own
    scope.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, parsed) => parsed(null, body));
    addRoute(scope, 'createUploadUrl', createUploadUrls, parts);
    addRoute(scope, 'putAsset', putAssets, parts);
    addRoute(scope, 'uploadStatus', uploadStatuses, parts);
    scope.post('/upload', (request, reply) => settle(refusal(410, 'Gone'), request, reply));
    done();
  });
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.post('/:dsid/singleFileUpload', async (request, reply) => settle(unlessUnheard('upload', parts, await takeBytes(request, parts)), request, reply));
    done();
  });
  app.addHook('onClose', () => parts.uploads.store.close());
}

function addRoute(scope: FastifyInstance, route: Exclude<UploadRoute, 'upload'>, work: Work, parts: UploadParts): void {
  const { uploads, faults, endSession, requireSession } = parts;
  const gate: preHandlerAsyncHookHandler = async (request, reply) => {
    uploads.requests[route] += 1;
    const outcome = await struck(route, faults, endSession);
    return outcome === null ? undefined : settle(outcome, request, reply);
  };
  scope.post(`/photosupload/${route}`, { preHandler: [gate, requireSession] }, async (request, reply) => settle(unlessUnheard(route, parts, await work(request, parts)), request, reply));
}

/** Under the fault dropAfter the work was done, and nobody is told. */
function unlessUnheard(route: UploadRoute, { faults }: UploadParts, outcome: Outcome): Outcome {
  return faults.take(`${route}.dropAfter`) ? 'cut' : outcome;
}

function createUploadUrls(request: FastifyRequest, { uploads, library, faults, origin, dsid }: UploadParts): Outcome {
  const body = read(createBody, request);
  if (body === null) return refusal(400, 'Invalid request');
  const { zoneName: zone, assets } = body;
  if (!takesPhotos(zone, library)) return refusal(404, 'Zone not found');
  const wanted = Object.entries(assets);
  const total = wanted.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (faults.take('createUploadUrl.quota') || isFull(uploads, total)) return refusal(413, 'QUOTA_EXCEEDED');
  return answer({ uploadUrls: Object.fromEntries(wanted.map(([uuid, bytes]) => [uuid, uploads.reservations.open(origin(), dsid(), { uuid, zone, bytes })])) });
}

async function takeBytes(request: FastifyRequest, { uploads, faults, endSession }: UploadParts): Promise<Outcome> {
  uploads.requests.upload += 1;
  if (request.headers.cookie !== undefined) uploads.uploadsWithCookies += 1;
  // before the body is read: the connection breaks while it is sent
  if (faults.take('upload.drop')) return 'cut';
  const body = request.body instanceof Readable ? request.body : Readable.from([]);
  const stored = await uploads.store.take(body, { truncated: faults.take('upload.truncated'), flipped: faults.take('upload.flip') });
  uploads.bytesReceived += stored.bytes;
  const outcome = await struck('upload', faults, endSession);
  if (outcome !== null) return outcome;
  const query = request.query as Readonly<Record<string, unknown>>;
  if (faults.take('upload.410')) uploads.reservations.kill(query);
  const reservation = uploads.reservations.judge(query);
  if (reservation === 'forged') return refusal(403, 'Forbidden');
  if (reservation === 'expired') return refusal(410, 'Gone');
  if (stored.bytes !== reservation.bytes) return refusal(400, `Received ${String(stored.bytes)} of ${String(reservation.bytes)} bytes`);
  return answer({ singleFile: uploads.newReceipt(stored) });
}

async function putAssets(request: FastifyRequest, parts: UploadParts): Promise<Outcome> {
  const body = read(putAssetBody, request);
  if (body === null) return refusal(400, 'Invalid request');
  const { zoneName, files, importGroup } = body;
  if (!takesPhotos(zoneName, parts.library)) return refusal(404, 'Zone not found');
  const answers: FileAnswer[] = [];
  // one after the other: the same bytes twice in one request are a duplicate too
  for (const file of files) answers.push(await putFile(file, zoneName, importGroup, parts));
  return answer(answers);
}

function uploadStatuses(request: FastifyRequest, { uploads, faults }: UploadParts): Outcome {
  // every other shape is a 400, as pyicloud's author found
  const body = read(statusBody, request);
  if (body === null) return refusal(400, 'Invalid request');
  const state = (id: string) => {
    const progress = faults.take('uploadStatus.404') ? null : uploads.progress(id);
    return progress === null ? { errorCode: 404 } : { progress };
  };
  return answer(Object.fromEntries(body.uploadJobIds.map((id) => [id, state(id)])));
}

const takesPhotos = (zone: string, library: LocalLibrary) => library.zones.some(({ id, holdsPhotos }) => id.zoneName === zone && holdsPhotos);

function read<T>(schema: z.ZodType<T>, request: FastifyRequest): T | null {
  try {
    return schema.safeParse(JSON.parse(typeof request.body === 'string' ? request.body : '')).data ?? null;
  } catch {
    return null;
  }
}
