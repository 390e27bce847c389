// The page around the apps, as www.icloud.com is: it knows whether somebody is signed in, and shows the app's frame or the sign-in widget's.
import { boot, element, hashed, postJson } from './elements.js';
import { textsOf } from './texts.js';

const texts = textsOf(boot.language);
const root = document.getElementById('root');
const setup = '/setup/ws/1';

/** The app's frame is there early, and empty, before it is known who asks. */
function showEarlyChild() {
  const frame = element('iframe', { id: 'early-child', title: 'Photos', src: `${boot.photos}#early`, part: 'frame' });
  root.replaceChildren(element('header', { part: 'bar' }, element('a', { href: '/', text: 'iCloud' })), frame);
  return frame;
}

function showPhotos() {
  history.replaceState(null, '', '/photos/');
  const frame = document.getElementById('early-child') ?? showEarlyChild();
  frame.src = `${boot.photos}?v=${hashed('build')}#/library`;
}

function showLanding() {
  history.replaceState(null, '', '/');
  const button = element('button', { type: 'button', class: `${hashed('button')} sign-in-button`, text: texts.signIn, onclick: () => showWidget() });
  root.replaceChildren(element('main', {}, element('h1', { text: 'iCloud' }), button));
}

function showWidget() {
  if (document.getElementById('aid-auth-widget-iFrame')) return;
  const query = new URLSearchParams({ frame_id: `auth-${crypto.randomUUID()}`, client_id: boot.widgetKey, redirect_uri: 'https://www.icloud.com', response_type: 'code', response_mode: 'web_message', authVersion: 'latest' });
  root.append(element('iframe', { id: 'aid-auth-widget-iFrame', name: 'aid-auth-widget', title: 'Sign In with Apple Account', src: `/appleauth/auth/authorize/signin?${query}` }));
}

/** Whether somebody has signed in on this page, as far as it asks for that. */
const known = () => boot.asksToSignIn === 'when over' || (boot.asksToSignIn === 'once' && document.cookie.includes('X-LOCAL-PAGE=known'));

async function signedIn({ dsWebAuthToken, trustToken, country, remember }) {
  const { status, body } = await postJson(`${setup}/accountLogin`, { accountCountryCode: country, dsWebAuthToken, extended_login: remember, trustToken });
  if (status === 200) document.cookie = 'X-LOCAL-PAGE=known; Path=/; Max-Age=86400';
  if (status !== 200 || !known() || body?.hsaChallengeRequired) showLanding();
  else if (body?.termsUpdateNeeded) root.replaceChildren(element('main', { role: 'alertdialog', 'aria-label': texts.terms }, element('h1', { text: texts.terms }), element('p', { text: texts.termsMore })));
  else showPhotos();
}

let trustTokens = [];

addEventListener('message', ({ origin, data }) => {
  if (origin !== location.origin) return;
  if (data?.type === 'widget-ready') document.getElementById('aid-auth-widget-iFrame')?.contentWindow.postMessage({ type: 'trust', trustTokens }, origin);
  if (data?.type === 'signed-in') void signedIn(data);
  if (data?.type === 'signed-out') showLanding();
});

showEarlyChild();
const { status, body } = await postJson(`${setup}/validate`, null);
trustTokens = (boot.knowsTrust && body?.trustTokens) || [];
if (status === 200 && known()) showPhotos();
else showLanding();
