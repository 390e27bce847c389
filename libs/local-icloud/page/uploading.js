// How the Photos app sends files: the same requests that its network log shows, one group of files after the other.
import { postJson } from './elements.js';

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What became of a selection of files. */
const emptyResult = () => ({ uploaded: 0, alreadyThere: 0, failed: [], rejected: [], full: false, signedOut: false, unavailable: false });

/**
 * @param {File[]} files
 * @param {{ service: string, dsid: string, filesPerRequest: number, uploadsAtOnce: number }} how
 * @param {(at: number, fraction: number) => void} onProgress the file under way, from 1, and how much of all bytes has gone
 */
export async function uploadFiles(files, how, onProgress) {
  const result = emptyResult();
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const sent = new Map();
  let finished = 0;
  const report = () => onProgress(Math.min(finished + 1, files.length), total === 0 ? 1 : [...sent.values()].reduce((sum, bytes) => sum + bytes, 0) / total);
  const importGroup = crypto.randomUUID();
  report();
  for (let at = 0; at < files.length; at += how.filesPerRequest) {
    const group = files.slice(at, at + how.filesPerRequest);
    await uploadGroup(group, how, importGroup, result, {
      sent: (file, bytes) => {
        sent.set(file, bytes);
        report();
      },
      finished: () => {
        finished += 1;
        report();
      },
    });
    if (result.full || result.signedOut || result.unavailable) break;
  }
  return result;
}

async function uploadGroup(group, how, importGroup, result, tell) {
  const reserved = new Map(group.map((file) => [crypto.randomUUID(), file]));
  const sizes = Object.fromEntries([...reserved].map(([uuid, { size }]) => [uuid, size]));
  const created = await call(how, 'createUploadUrl', { zoneName: 'PrimarySync', assets: sizes });
  if (created.status !== 200) return refused(created, group, result);
  const receipts = new Map();
  const queue = [...reserved];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [uuid, file] = next;
      const receipt = await sendBytes(created.body.uploadUrls[uuid], file, (bytes) => tell.sent(file, bytes));
      if (receipt === null) result.failed.push(file.name);
      else receipts.set(file, receipt);
      tell.finished();
    }
  };
  await Promise.all(Array.from({ length: how.uploadsAtOnce }, worker));
  const sent = group.filter((file) => receipts.has(file)).map((file) => [file, receipts.get(file)]);
  if (sent.length > 0) await put(sent, how, importGroup, result, true);
}

async function put(receipts, how, importGroup, result, mayRetry) {
  const files = receipts.map(([file, singleFileUploadRequest]) => ({ fileName: file.name, lastModDate: file.lastModified, timeZoneOffset: new Date(file.lastModified).getTimezoneOffset(), singleFileUploadRequest }));
  const answer = await call(how, 'putAsset', { zoneName: 'PrimarySync', files, localTimeZoneId: Intl.DateTimeFormat().resolvedOptions().timeZone, importGroup });
  if (answer.status !== 200) return refused(answer, receipts.map(([file]) => file), result);
  const again = [];
  answer.body.forEach(({ response }, at) => {
    const [file] = receipts[at];
    if (response.status === 200) result.uploaded += 1;
    else if (response.status === 409) result.alreadyThere += 1;
    else if (response.isRetryable && mayRetry) again.push(receipts[at]);
    else if (response.status === 415) result.rejected.push(file.name);
    else if (response.status === 413) result.full = true;
    else result.failed.push(file.name);
  });
  if (again.length === 0) return undefined;
  await wait(500);
  return put(again, how, importGroup, result, false);
}

function refused({ status }, files, result) {
  if (status === 421 || status === 401 || status === 450) result.signedOut = true;
  else if (status === 413) result.full = true;
  else if (status === 403 || status === 423) result.unavailable = true;
  else result.failed.push(...files.map(({ name }) => name));
}

/** One request to the service; once more when it is busy. */
async function call(how, route, body) {
  const query = new URLSearchParams({ clientBuildNumber: '2634Build18', clientMasteringNumber: '2634B18', clientId: how.clientId, dsid: how.dsid });
  const url = `${how.service}/photosupload/${route}?${query}`;
  const answer = await postJson(url, body);
  if (answer.status !== 429 && answer.status !== 503) return answer;
  await wait(Math.min(2, Number(answer.headers.get('Retry-After') ?? 1)) * 1000);
  return postJson(url, body);
}

/** The bytes to the signed address, which wants no cookies; by XMLHttpRequest, the only one that tells how far it is. */
function sendBytes(url, file, onBytes) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('POST', url);
    request.upload.addEventListener('progress', ({ loaded }) => onBytes(Math.min(loaded, file.size)));
    request.addEventListener('load', () => resolve(request.status === 200 ? JSON.parse(request.responseText).singleFile : null));
    request.addEventListener('error', () => resolve(null));
    request.addEventListener('abort', () => resolve(null));
    request.send(file);
  });
}
