import { primary } from '../e2e/paper/records';
import type { Answer } from '../http/answer';
import { UnexpectedAnswer } from '../http/unexpected-answer';
import { ServiceClient, type ContentAnswer, type ContentResponse, type ServiceRequest, type WebService } from '../service';
import { UploadCalls } from './upload-calls';

/** Answers each call with what is made of its body. */
class Answering extends ServiceClient {
  readonly asked: { service: string; path: string; request: ServiceRequest }[] = [];

  constructor(private readonly answer: (body: never) => unknown) {
    super();
  }

  override async call(service: WebService, path: string, request: ServiceRequest): Promise<unknown> {
    this.asked.push({ service, path, request });
    return this.answer(request.body as never);
  }

  override async open(): Promise<ContentResponse> {
    throw new Error('nothing to download here');
  }

  override async send(): Promise<ContentAnswer> {
    throw new Error('nothing is taken here');
  }
}

const unexpected = (status: number, json: unknown): (() => never) => {
  const answer: Answer = { status, headers: {}, setCookies: [], text: JSON.stringify(json), json };
  return () => {
    throw new UnexpectedAnswer('photosupload/photosupload/createUploadUrl', answer);
  };
};
const gone = { requestUUID: 'x', errorReason: 'Gone', errorCode: 410 };
const urls =
  (url: string) =>
  ({ assets }: { assets: Record<string, number> }): unknown => ({ uploadUrls: Object.fromEntries(Object.keys(assets).map((id) => [id, url])) });
const reserve = async (answer: (body: never) => unknown): Promise<string> => await new UploadCalls(new Answering(answer), primary).reserve(3105);

it('reserves an address for so many bytes of a file that only it knows', async () => {
  const service = new Answering(urls('https://cws.icloud-content.example.com:443/12345/singleFileUpload?tk=x'));
  expect(await new UploadCalls(service, primary).reserve(3105)).toContain('singleFileUpload');
  expect(service.asked).toMatchObject([{ service: 'photosupload', path: '/photosupload/createUploadUrl', request: { body: { zoneName: 'PrimarySync' } } }]);
  expect(Object.values((service.asked[0]?.request.body as { assets: object }).assets)).toEqual([3105]);
});

it.each([
  ['the service is gone', unexpected(410, gone), 'ICLOUD_UPLOAD_ABSENT'],
  ['the service was never there', unexpected(404, undefined), 'ICLOUD_UPLOAD_ABSENT'],
  ['the storage is full', unexpected(413, { errorReason: 'QUOTA_EXCEEDED' }), 'ICLOUD_STORAGE_FULL'],
  ['the storage is full', unexpected(507, undefined), 'ICLOUD_STORAGE_FULL'],
  ['the storage is full, as CloudKit words it', () => ({ serverErrorCode: 'QUOTA_EXCEEDED' }), 'ICLOUD_STORAGE_FULL'],
  ['it is busy, as CloudKit words it', () => ({ serverErrorCode: 'THROTTLED' }), 'ICLOUD_RATE_LIMITED'],
  ['web access is off', () => ({ serverErrorCode: 'ACCESS_DENIED', reason: 'private db access disabled for this account' }), 'ICLOUD_WEB_ACCESS_OFF'],
  ['it refuses and does not say why', unexpected(400, { errorReason: 'Bad Request' }), 'ICLOUD_ANSWER_UNKNOWN'],
  ['it gives no address', () => ({ uploadUrls: {} }), 'ICLOUD_ANSWER_UNKNOWN'],
  ['it gives something else', () => ({ uploadUrls: 'none' }), 'ICLOUD_ANSWER_UNKNOWN'],
  ['the address is none', urls('nowhere'), 'ICLOUD_ANSWER_UNKNOWN'],
  ['the address is not encrypted', urls('http://cws.icloud-content.com/x'), 'ICLOUD_ANSWER_UNKNOWN'],
])('says what it means that %s', async (_, answer, code) => {
  await expect(reserve(answer)).rejects.toMatchObject({ code });
});

it('puts as the web page does: date in milliseconds, zone in the sign of JavaScript, the receipt as it came', async () => {
  const service = new Answering(() => []);
  const receipt = { receipt: 'opaque', fileChecksum: 'AY', somethingNew: [1] };
  const file = { path: '/x', name: 'IMG_1.HEIC', bytes: 1, sha256: '', checksum: '', modifiedAt: new Date('2026-08-26T12:00:00.546Z') };
  const beforePut = async (): Promise<void> => await Promise.resolve();
  await new UploadCalls(service, primary).put(file, receipt, { importGroup: 'G', timeZone: 'Europe/Berlin', beforePut });
  expect(service.asked[0]?.request).toEqual({
    body: {
      zoneName: 'PrimarySync',
      files: [{ fileName: 'IMG_1.HEIC', lastModDate: 1787745600546, timeZoneOffset: -120, singleFileUploadRequest: receipt }],
      localTimeZoneId: 'Europe/Berlin',
      importGroup: 'G',
    },
    once: true,
    beforeSend: beforePut,
  });
});

it('asks for many jobs in pieces, each once', async () => {
  const service = new Answering(({ uploadJobIds }: { uploadJobIds: string[] }) => Object.fromEntries(uploadJobIds.map((id) => [id, { progress: 50 }])));
  const ids = Array.from({ length: 230 }, (_, n) => `job-${n}`);
  const states = await new UploadCalls(service, primary).jobs([...ids, ...ids]);
  expect([...states.keys()]).toEqual(ids);
  expect(service.asked.map(({ request }) => (request.body as { uploadJobIds: string[] }).uploadJobIds.length)).toEqual([100, 100, 30]);
});
