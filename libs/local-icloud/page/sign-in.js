// The sign-in widget, as idmsa shows it in its frame: name, password, "keep me signed in", the six boxes of a code, and trust.
import { boot, element, postJson } from './elements.js';
import { SrpExchange } from './srp.js';
import { textsOf } from './texts.js';

const texts = textsOf(boot.language);
const content = document.getElementById('content');
const state = `auth-${crypto.randomUUID()}`;
const session = { scnt: null, id: null, token: null, country: null, trust: '', remember: false, trusted: [] };

/** A request with the widget's headers, and the newest of the sign-in. */
async function idmsa(method, path, body) {
  const headers = {
    Accept: 'application/json',
    'Content-Type': 'application/json',
    'X-Apple-OAuth-Client-Id': boot.widgetKey,
    'X-Apple-OAuth-Client-Type': 'firstPartyAuth',
    'X-Apple-OAuth-Redirect-URI': 'https://www.icloud.com',
    'X-Apple-OAuth-Require-Grant-Code': 'true',
    'X-Apple-OAuth-Response-Mode': 'web_message',
    'X-Apple-OAuth-Response-Type': 'code',
    'X-Apple-OAuth-State': state,
    'X-Apple-Widget-Key': boot.widgetKey,
    ...(session.scnt && { scnt: session.scnt }),
    ...(session.id && { 'X-Apple-ID-Session-Id': session.id }),
  };
  const answer = await send(method, `/appleauth/auth${path}`, body, headers);
  session.scnt = answer.headers.get('scnt') ?? session.scnt;
  session.id = answer.headers.get('X-Apple-ID-Session-Id') ?? session.id;
  session.token = answer.headers.get('X-Apple-Session-Token') ?? session.token;
  session.country = answer.headers.get('X-Apple-ID-Account-Country') ?? session.country;
  session.trust = answer.headers.get('X-Apple-TwoSV-Trust-Token') ?? session.trust;
  return answer;
}

async function send(method, url, body, headers) {
  if (method === 'POST') return postJson(url, body ?? {}, headers);
  const { 'Content-Type': _type, ...bodiless } = headers;
  try {
    const response = await fetch(url, body ? { method, headers, body: JSON.stringify(body) } : { method, headers: bodiless });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : null };
  } catch {
    return { status: 0, headers: new Headers(), body: null };
  }
}

const messageOf = ({ status, body }) => body?.service_errors?.[0]?.message ?? (status === 503 || status === 429 ? 'Too many attempts. Try again later.' : 'Your request could not be completed because of an error. Try again later.');

const problem = element('p', { id: 'errMsg', role: 'alert', class: 'fat' });
const show = (...children) => content.replaceChildren(...children, problem);
const complain = (text) => (problem.textContent = text);

function showSignIn() {
  const name = element('input', { id: 'account_name_text_field', type: 'text', class: 'form-textbox-input', autocomplete: 'username webauthn', 'aria-label': texts.account, spellcheck: 'false' });
  const password = element('input', { id: 'password_text_field', type: 'password', class: 'form-textbox-input', autocomplete: 'current-password', 'aria-label': texts.password, hidden: true });
  const remember = element('input', { id: 'remember-me', type: 'checkbox', class: 'form-checkbox-input' });
  const button = element('button', { id: 'sign-in', type: 'submit', 'aria-label': texts.continue, text: '→', disabled: true });
  const ready = () => (button.disabled = name.value === '' || (!password.hidden && password.value === ''));
  const form = element('form', { id: 'sign_in_form' }, element('h1', { class: 'si-container-title', text: texts.signInTitle }), name, password, remember, element('label', { for: 'remember-me', text: texts.keep }), button);
  form.addEventListener('input', ready);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    complain('');
    if (password.hidden) {
      password.hidden = false;
      button.setAttribute('aria-label', texts.signIn);
      ready();
      password.focus();
      return;
    }
    button.disabled = true;
    session.remember = remember.checked;
    void signIn(name.value, password.value).finally(ready);
  });
  show(form);
  name.focus();
}

async function signIn(accountName, password) {
  const srp = new SrpExchange(boot.srpBytes);
  const init = await idmsa('POST', '/signin/init', { a: srp.a, accountName, protocols: ['s2k', 's2k_fo'] });
  if (init.status !== 200) return complain(messageOf(init));
  const proof = await srp.answer(accountName.toLowerCase(), password, init.body);
  const done = await idmsa('POST', `/signin/complete?isRememberMeEnabled=${session.remember}`, { accountName, c: init.body.c, ...proof, rememberMe: session.remember, trustTokens: session.trusted });
  if (done.status === 412) await idmsa('POST', '/repair/complete', {});
  if (done.status === 200 || done.status === 412) return finish();
  if (done.status !== 409) return complain(done.status === 401 ? texts.wrongPassword : messageOf(done));
  if (done.body?.fsaChallenge) return show(element('h1', { text: 'Use a Security Key' }));
  const devices = await idmsa('PUT', '/verify/trusteddevice/securitycode');
  if (devices.status === 202) return showCode('trusteddevice');
  return sendText();
}

/** Texts a code to the first phone of the account. */
async function sendText() {
  const { body } = await idmsa('GET', '/');
  const phone = body?.trustedPhoneNumbers?.[0];
  if (phone === undefined) return complain('There is no phone number to send a code to.');
  const sent = await idmsa('PUT', '/verify/phone', { phoneNumber: { id: phone.id }, mode: 'sms' });
  return sent.status < 300 ? showCode('phone', phone) : complain(messageOf(sent));
}

/** @param {'trusteddevice' | 'phone'} channel */
function showCode(channel, phone) {
  const boxes = Array.from({ length: 6 }, (_, at) => element('input', { id: `char${at}`, type: 'tel', class: 'form-security-code-input', maxlength: '1', inputmode: 'numeric', autocomplete: at === 0 ? 'one-time-code' : 'off', 'aria-label': at === 0 ? 'Enter Verification Code Digit 1' : `Digit ${at + 1}` }));
  const verify = async () => {
    for (const box of boxes) box.disabled = true;
    const securityCode = { code: boxes.map(({ value }) => value).join('') };
    const answer = await idmsa('POST', `/verify/${channel}/securitycode`, phone ? { securityCode, phoneNumber: { id: phone.id }, mode: 'sms' } : { securityCode });
    if (answer.status < 300 || answer.body?.securityCode?.valid) return showTrust();
    for (const box of boxes) Object.assign(box, { disabled: false, value: '' });
    boxes[0].focus();
    return complain(messageOf(answer));
  };
  boxes.forEach((box, at) => {
    box.addEventListener('paste', (event) => {
      event.preventDefault();
      const digits = event.clipboardData.getData('text').replace(/\D/g, '');
      boxes.slice(at).forEach((each, offset) => (each.value = digits[offset] ?? ''));
      if (boxes.every(({ value }) => value !== '')) void verify();
    });
    box.addEventListener('input', () => {
      box.value = box.value.replace(/\D/g, '');
      complain('');
      if (boxes.every(({ value }) => value !== '')) void verify();
      else if (box.value !== '') boxes[at + 1]?.focus();
    });
  });
  const where = phone ? `Enter the verification code sent to ${phone.numberWithDialCode}.` : 'Enter the verification code sent to your Apple devices.';
  const again = element('button', { id: 'no-trstd-device-pop', type: 'button', text: 'Didn’t Get a Code?', onclick: () => (options.hidden = false) });
  const options = element('div', { role: 'menu', hidden: true }, element('button', { id: 'try-again-link', role: 'menuitem', type: 'button', text: 'Resend Code', onclick: () => void (phone ? sendText() : idmsa('PUT', '/verify/trusteddevice/securitycode')) }), element('button', { id: 'use-phone-link', role: 'menuitem', type: 'button', text: 'Text Me', onclick: () => void sendText() }));
  show(element('h1', { class: 'tk-callout', text: texts.twoFactor }), element('div', { role: 'group', 'aria-label': where, class: 'form-security-code-inputs' }, ...boxes), element('p', { text: where }), again, options);
  boxes[0].focus();
}

function showTrust() {
  const trust = async () => {
    const answer = await idmsa('GET', '/2sv/trust');
    return answer.status < 300 ? finish() : complain(messageOf(answer));
  };
  show(
    element('h1', { text: 'Trust this browser?' }),
    element('p', { text: 'If you choose to trust this browser, you won’t be asked for a verification code the next time you sign in.' }),
    element('button', { type: 'button', class: 'button-rounded-rectangle trust-browser', text: 'Trust', onclick: () => void trust() }),
    element('button', { type: 'button', class: 'button-link dont-trust-browser', text: 'Don’t Trust', onclick: () => finish() }),
    element('button', { type: 'button', class: 'button-link not-now', text: 'Not Now', onclick: () => finish() }),
  );
}

function finish() {
  const { token, trust, country, remember } = session;
  parent.postMessage({ type: 'signed-in', dsWebAuthToken: token, trustToken: trust, country, remember }, location.origin);
}

// What the page around it knows of trust.
addEventListener('message', ({ origin, data }) => {
  if (origin === location.origin && data?.type === 'trust') session.trusted = data.trustTokens;
});
parent.postMessage({ type: 'widget-ready' }, location.origin);
showSignIn();
