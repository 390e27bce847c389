// The Photos app in its frame: first a wheel, then, when the library is there, the bar with the control for uploads.
import { boot, element, postJson } from './elements.js';
import { dialogsFor, rejection, showDialog } from './dialogs.js';
import { currentDesign } from './design-current.js';
import { redesign } from './design-next.js';
import { textsOf } from './texts.js';
import { uploadFiles } from './uploading.js';

const texts = textsOf(boot.language);
const clientId = crypto.randomUUID();
const early = location.hash === '#early';

/** Whoever presses something that is no upload control is noted: a client that presses the first best button gives itself away. */
const pressed = (label) => void postJson('/applications/photos3/log', { pressed: label });

function showLoading() {
  document.body.replaceChildren(element('div', { role: 'progressbar', 'aria-label': texts.loading, part: 'wheel' }));
}

function showSplash() {
  document.body.replaceChildren(element('main', { part: 'splash' }, element('h1', { text: texts.whatsNew }), element('button', { type: 'button', part: 'choice', text: texts.continue, onclick: () => pressed(texts.continue) })));
}

function signedOut() {
  top.postMessage({ type: 'signed-out' }, location.origin);
}

async function start() {
  const { status, body } = await postJson('/setup/ws/1/validate', null);
  if (status !== 200) return signedOut();
  const how = { service: body.webservices.photosupload.url, dsid: body.dsInfo.dsid, clientId, filesPerRequest: boot.filesPerRequest, uploadsAtOnce: boot.uploadsAtOnce };
  await new Promise((resolve) => setTimeout(resolve, boot.controlAfterMs));
  if (boot.design === 'unknown') return showSplash();
  const design = boot.design === 'redesign' ? redesign : currentDesign;
  const view = design(texts, { pressed, chosen: (files) => void upload([...files], how, view) });
  document.body.replaceChildren(...view.elements);
  return undefined;
}

async function upload(files, how, view) {
  if (files.length === 0) return;
  if (files.length > boot.maxFiles) return void showDialog({ title: texts.tooMany(boot.maxFiles), more: texts.tooManyMore, buttons: [texts.ok] }, boot.design);
  const isRefused = ({ name }) => boot.refusedExtensions.some((extension) => name.toLowerCase().endsWith(extension));
  const refused = files.filter(isRefused).map(({ name }) => name);
  if (refused.length > 0) showDialog(rejection(refused, texts), boot.design);
  const taken = files.filter((file) => !isRefused(file));
  if (taken.length === 0) return;
  const result = await uploadFiles(taken, how, (at, fraction) => view.progress(texts.uploading(at, taken.length), fraction));
  if (result.signedOut) return void signedOut();
  const done = [...(result.uploaded > 0 ? [texts.uploaded(result.uploaded)] : []), ...(result.alreadyThere > 0 ? [texts.alreadyThere(result.alreadyThere)] : [])];
  view.done(done.join('. '));
  for (const dialog of dialogsFor(result, texts)) showDialog(dialog, boot.design);
}

showLoading();
// the frame that is there early waits to be sent to the library
if (!early) await start();
