// SRP-6a with Apple's changes in the browser: RFC 5054's 2048-bit group, SHA-256, x without the name.
const N = BigInt(
  '0xAC6BDB41324A9A9BF166DE5E1389582FAF72B6651987EE07FC3192943DB56050A37329CBB4A099ED8193E0757767A13DD52312AB4B03310DCD7F48A9DA04FD50E8083969EDB767B0CF6095179A163AB3661A05FBD5FAAAE82918A9962F0B93B855F97993EC975EEAA80D740ADBF4FF747359D041D5C33EA71D281E446B14773BCA97B43A23FB801676BD207A436C6481F1D2B9078717461A5B9D32E688F87748544523B524B0D57D5EA77A2775D2ECFA032CFBDBF52FB3786160279004E57AE6AF874E7303CE53299CCC041C7BC308D82A5698F3A8D0C38271AE35F8E9DBFBB694B5C803D89F7AE435DE236D525F54759B65E372FCD68EF20FA7111F9E4AFF73',
);
const g = 2n;
const subtle = crypto.subtle;
const utf8 = (text) => new TextEncoder().encode(text);

const sha256 = async (...parts) => new Uint8Array(await subtle.digest('SHA-256', concat(parts)));

function concat(parts) {
  const all = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const toInteger = (bytes) => BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);

function padded(value) {
  const hex = value.toString(16).padStart(512, '0');
  return Uint8Array.from({ length: 256 }, (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}

function stripped(value) {
  const bytes = padded(value);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}

function modPow(base, exponent) {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % N;
    if (bit === '1') result = (result * base) % N;
  }
  return result;
}

export const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));
const fromBase64 = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

async function stretch(password, { salt, iteration, protocol }) {
  const digest = await sha256(utf8(password));
  const input = protocol === 's2k_fo' ? utf8([...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')) : digest;
  const key = await subtle.importKey('raw', input, 'PBKDF2', false, ['deriveBits']);
  return new Uint8Array(await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: fromBase64(salt), iterations: iteration }, key, 256));
}

/** One exchange. @param {'stripped' | 'padded'} form what becomes of leading zero bytes of A and S */
export class SrpExchange {
  constructor(form) {
    this.form = form === 'padded' ? padded : stripped;
    this.secret = toInteger(crypto.getRandomValues(new Uint8Array(32)));
    this.publicKey = modPow(g, this.secret);
  }

  get a() {
    return toBase64(padded(this.publicKey));
  }

  /** @returns {Promise<{ m1: string, m2: string }>} */
  async answer(name, password, challenge) {
    const salt = fromBase64(challenge.salt);
    const serverKey = toInteger(fromBase64(challenge.b));
    const x = toInteger(await sha256(salt, await sha256(concat([utf8(':'), await stretch(password, challenge)]))));
    const u = toInteger(await sha256(padded(this.publicKey), padded(serverKey)));
    const k = toInteger(await sha256(padded(N), padded(g)));
    const base = (((serverKey - k * modPow(g, x)) % N) + N) % N;
    const key = await sha256(this.form(modPow(base, this.secret + u * x)));
    const [groupHash, generatorHash] = [await sha256(padded(N)), await sha256(padded(g))];
    const mixed = groupHash.map((byte, at) => byte ^ generatorHash[at]);
    const m1 = await sha256(mixed, await sha256(utf8(name)), salt, this.form(this.publicKey), stripped(serverKey), key);
    return { m1: toBase64(m1), m2: toBase64(await sha256(this.form(this.publicKey), m1, key)) };
  }
}
