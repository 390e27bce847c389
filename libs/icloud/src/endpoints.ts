/** Base addresses of the two services that sign in, without a slash at the end. */
export interface ICloudEndpoints {
  /** Apple's identity service: `https://idmsa.apple.com/appleauth/auth`. */
  readonly auth: string;
  /** iCloud's account set-up: `https://setup.icloud.com/setup/ws/1`. */
  readonly setup: string;
  /** The web page whose client we are; sent as `Origin`. */
  readonly origin: string;
}

const regions: Readonly<Record<'global' | 'china', ICloudEndpoints>> = {
  global: { auth: 'https://idmsa.apple.com/appleauth/auth', setup: 'https://setup.icloud.com/setup/ws/1', origin: 'https://www.icloud.com' },
  china: { auth: 'https://idmsa.apple.com.cn/appleauth/auth', setup: 'https://setup.icloud.com.cn/setup/ws/1', origin: 'https://www.icloud.com.cn' },
};

/** Where a region signs in (as icloudpd does for `com` and `cn`); an address that is given takes the place of the region's. */
export function endpointsFor(region: 'global' | 'china', overrides: { readonly auth?: string | null; readonly setup?: string | null } = {}): ICloudEndpoints {
  const { auth, setup, origin } = regions[region];
  return { auth: withoutSlash(overrides.auth ?? auth), setup: withoutSlash(overrides.setup ?? setup), origin };
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');
