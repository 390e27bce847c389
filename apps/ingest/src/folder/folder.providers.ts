import type { Provider } from '@nestjs/common';
import { Courier } from './adapters/courier';
import { DiskDoctor } from './adapters/disk-doctor';
import { FolderSource } from './adapters/folder-source';
import { MediaInspector } from './adapters/media-inspector';
import { AssetFinder } from './asset-finder';
import { FolderIntake } from './folder-intake';
import { FolderRegister } from './folder-register';
import { FolderService } from './folder.service';

/** What the stage is made of as far as it reads a folder. */
export const folderProviders: Provider[] = [FolderService, FolderIntake, AssetFinder, FolderSource, MediaInspector, Courier, DiskDoctor, FolderRegister];
