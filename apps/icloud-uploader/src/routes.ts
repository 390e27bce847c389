import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { ErrorCode } from '@media-pipeline/contracts';
import { Settings } from '@media-pipeline/stage';
import { BrowserRoute } from './adapters/browser/browser-route';
import { HttpRoute } from './adapters/http-route';
import type { UploadRoute } from './upload-route.port';

/** A route that cannot be had at all: the other one may. */
const passedOver: ReadonlySet<ErrorCode> = new Set(['ICLOUD_UPLOAD_ABSENT', 'ICLOUD_PAGE_UNKNOWN', 'PROGRAM_MISSING', 'PROGRAM_FAILED']);

/** Which ways into iCloud are taken, and in which order. */
@Injectable()
export class Routes implements OnModuleDestroy {
  constructor(
    private readonly settings: Settings,
    private readonly browser: BrowserRoute,
    private readonly http: HttpRoute,
  ) {}

  inOrder(): readonly UploadRoute[] {
    const { route, refusedTypes } = this.settings.icloud.upload;
    const order = route === 'browser' ? [this.browser, this.http] : [this.http, this.browser];
    return route === 'auto' || refusedTypes === 'other-route' ? order : order.slice(0, 1);
  }

  /** The route that is tried next, with what this one did not take. */
  after(route: UploadRoute): UploadRoute | null {
    const order = this.inOrder();
    return order[order.indexOf(route) + 1] ?? null;
  }

  /** Whether what stands in the way of one route leaves the other one open. */
  mayPassOver(code: ErrorCode): boolean {
    return this.settings.icloud.upload.route === 'auto' && passedOver.has(code);
  }

  /** Whether a file that no route takes as it is goes as what it can be converted to, by the last one. */
  get convert(): boolean {
    return this.settings.icloud.upload.refusedTypes === 'convert';
  }

  async onModuleDestroy(): Promise<void> {
    await this.browser.close();
    await this.http.close();
  }
}
