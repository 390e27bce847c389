/** `redesign`: other words, other structure, and German; `unknown`: a page without any control for uploads. */
export type PageDesign = 'current' | 'redesign' | 'unknown';

export type PageLanguage = 'en-us' | 'de-de';

/** The web page's settings; each counts from the next load of the page on. */
export class LocalPage {
  design: PageDesign = 'current';
  /** null: English, and German for the redesign. */
  language: PageLanguage | null = null;
  /** `once`: also of a browser with a session that is open, until somebody has signed in on the page; `always`: for ever, to no avail. */
  asksToSignIn: 'when over' | 'once' | 'always' = 'when over';
  /** Whether the widget hears of the trust that the browser has. */
  knowsTrust = true;
  /** How long after the Photos app has loaded its control for uploads appears. */
  controlAfterMs = 300;
  /** The most files of one selection; more of them are refused together. */
  maxFiles = 1000;
  /** What the page does not send, by the end of the name: one report says HEIC and MP4. */
  refusedExtensions: string[] = ['.heic', '.heif', '.mp4', '.m4v'];
  /** How many files one createUploadUrl and one putAsset are for. */
  filesPerRequest = 20;
  uploadsAtOnce = 3;
  /** The labels of controls that were pressed and are not the one for uploads. */
  readonly misclicks: string[] = [];

  get shownLanguage(): PageLanguage {
    return this.language ?? (this.design === 'redesign' ? 'de-de' : 'en-us');
  }

  /** Where the Photos app lies: the redesign is another build at another place. */
  get photosPath(): string {
    return `/applications/${this.design === 'redesign' ? 'library1' : 'photos3'}/current/${this.shownLanguage}/index.html`;
  }
}
