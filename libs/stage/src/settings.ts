import type { Config } from '@media-pipeline/config';

/** Injection token for the validated, frozen settings. */
export abstract class Settings implements Config {
  abstract readonly file: Config['file'];
  abstract readonly enable: Config['enable'];
  abstract readonly library: Config['library'];
  abstract readonly folderSource: Config['folderSource'];
  abstract readonly database: Config['database'];
  abstract readonly bus: Config['bus'];
  abstract readonly dedupe: Config['dedupe'];
  abstract readonly compression: Config['compression'];
  abstract readonly bridge: Config['bridge'];
  abstract readonly archive: Config['archive'];
  abstract readonly icloud: Config['icloud'];
  abstract readonly pixel: Config['pixel'];
  abstract readonly google: Config['google'];
  abstract readonly telegram: Config['telegram'];
  abstract readonly supabase: Config['supabase'];
  abstract readonly browser: Config['browser'];
  abstract readonly execution: Config['execution'];
  abstract readonly limits: Config['limits'];
  abstract readonly log: Config['log'];
  abstract readonly service: Config['service'];
}
