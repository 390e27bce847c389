import type { Provider } from '@nestjs/common';
import { CloudCourier } from './adapters/cloud-courier';
import { ICloudConnection } from './adapters/connection';
import { Deletions } from './adapters/deletions';
import { Collector } from './collector';
import { ICloudRegister } from './icloud-register';
import { ICloudService } from './icloud.service';
import { LibraryReader } from './library-reader';
import { ZoneReader } from './zone-reader';

/** What the stage is made of as far as it reads iCloud. */
export const icloudProviders: Provider[] = [ICloudService, LibraryReader, ZoneReader, Collector, CloudCourier, Deletions, ICloudRegister, ICloudConnection];
