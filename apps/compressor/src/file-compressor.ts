import { Injectable } from '@nestjs/common';
import { PipelineError, type RenditionProof } from '@media-pipeline/contracts';
import { hashFile, Library, placeLink } from '@media-pipeline/files';
import { identify } from '@media-pipeline/media';
import { Database, type MediaFile, type Rendition } from '@media-pipeline/schema';
import { Settings } from '@media-pipeline/stage';
import { keepCodes } from './keep-code';
import { keptByType, stillHolds, type Keep } from './policy';
import { compressionSettings, recipeOf, renditionPath } from './recipe';
import { Renderer, type Attendance } from './renderer';

/** What became of one file: the row to be saved, and a sentence for the asset's history. */
export interface Treated {
  readonly rendition: Omit<Rendition, 'id' | 'archivedPath'>;
  readonly message: string;
}

/** Makes the rendition of one file, or finds that it is made already, or says why there is none. */
@Injectable()
export class FileCompressor {
  /** Renditions made since this process started; MAX_FILES_TO_PROCESS is a limit per run. */
  private made = 0;

  constructor(
    private readonly settings: Settings,
    private readonly library: Library,
    private readonly database: Database,
    private readonly renderer: Renderer,
  ) {}

  /**
   * @param known the file's present row, if it has one
   * @throws CONTENT_CHANGED, NOT_MEDIA, MEDIA_CORRUPT, MEDIA_TOO_LARGE, FILE_MISSING …: nothing of a failed attempt stays on disk
   */
  async treat(file: MediaFile, known: Rendition | undefined, attendance: Attendance): Promise<Treated> {
    const source = this.library.absolute(file.path);
    const sha256 = await this.verify(file, source);
    if (file.role === 'sidecar') return keptAs({ fileId: file.id, assetId: file.assetId, sourceSha256: sha256, settings: '{}' }, file, { code: 'SIDECAR', reason: keepCodes.SIDECAR });
    const type = await identify(source);
    if (!type) throw new PipelineError('NOT_MEDIA', `${file.path} is neither a photo nor a video.`);

    const settings = compressionSettings(this.settings.compression);
    const recipe = recipeOf(type.family, settings);
    const base = { fileId: file.id, assetId: file.assetId, sourceSha256: sha256, settings: recipe };
    const kept = (keep: Keep): Treated => keptAs(base, file, keep);

    const before = await this.madeBefore(file, known, sha256, recipe);
    if (before) return before;
    const ours = await this.madeByUs(sha256);
    if (ours) return kept(ours);
    const byType = keptByType(type, this.settings.enable, this.made, this.settings.compression.maxFiles);
    if (byType) return kept(byType);

    const target = renditionPath(file.path);
    const result = await this.renderer.render({ source, type, target: this.library.absolute(target), settings, label: file.filename }, attendance);
    if ('code' in result) return kept(result);
    this.made++;
    const { sha256: resultSha256, bytes, made, findings, search } = result;
    const proof: RenditionProof | null = findings && { version: 1, source: { sha256, bytes: file.bytes }, result: { sha256: resultSha256, bytes }, decoded: true, ...findings, ...(search && { search }), encoder: { ...made } };
    return {
      rendition: { ...base, outcome: 'compressed', code: null, reason: null, path: target, sha256: resultSha256, bytes, proof: proof && JSON.stringify(proof) },
      message: `${file.filename}: ${file.bytes} → ${bytes} bytes (${Math.round((100 * bytes) / Math.max(1, file.bytes))} %) by ${JSON.stringify(made)}${findings ? `, ${findings.quality.metric} ${findings.quality.mean}` : ''}`,
    };
  }

  /** The bytes on disk must be those that arrived: what is compressed now is what dedupe judged and the archive will hold. */
  private async verify(file: MediaFile, source: string): Promise<string> {
    const { sha256 } = await hashFile(source);
    if (file.sha256 !== null && sha256 !== file.sha256) throw new PipelineError('CONTENT_CHANGED', `${file.path} is not the file that arrived: its SHA-256 is ${sha256}, not ${file.sha256}.`);
    return sha256;
  }

  /** A compressed file that came back through a source is no original: it is not compressed again, and says whose rendition it is. */
  private async madeByUs(sha256: string): Promise<Keep | null> {
    const rendition = await this.database.renditions.findByResult(sha256);
    return rendition && { code: 'ALREADY_COMPRESSED', reason: `these bytes are the rendition of asset ${rendition.assetId} (${rendition.path ?? 'not here any more'}), whose original has SHA-256 ${rendition.sourceSha256}` };
  }

  /** The same bytes under the same settings: this file's own row (a message that came twice), or the rendition of another file. */
  private async madeBefore(file: MediaFile, known: Rendition | undefined, sha256: string, recipe: string): Promise<Treated | null> {
    const own = known?.sourceSha256 === sha256 && known.settings === recipe ? known : null;
    const found = own ?? (await this.database.renditions.findBySource(sha256, recipe));
    if (!found || !stillHolds(found.outcome, found.code)) return null;
    const { id: _id, archivedPath: _archivedPath, ...row } = found;
    if (found.outcome === 'kept') return { rendition: { ...row, fileId: file.id, assetId: file.assetId }, message: `${file.filename}: original kept (${found.code ?? ''}, as decided before)` };
    if (found.path === null || found.sha256 === null || found.bytes === null) return null;

    const target = renditionPath(file.path);
    const present = await hashFile(this.library.absolute(found.path)).catch(() => null);
    if (present?.sha256 !== found.sha256) return null;
    if (found.path !== target) await placeLink(this.library.absolute(found.path), this.library.absolute(target), { sha256: found.sha256, bytes: found.bytes });
    return { rendition: { ...row, fileId: file.id, assetId: file.assetId, path: target }, message: `${file.filename}: ${file.bytes} → ${found.bytes} bytes (made before)` };
  }
}

/** The original is passed on. */
const keptAs = (base: Pick<Rendition, 'fileId' | 'assetId' | 'sourceSha256' | 'settings'>, { filename }: MediaFile, { code, reason }: Keep): Treated => ({
  rendition: { ...base, outcome: 'kept', code, reason, path: null, sha256: null, bytes: null, proof: null },
  message: `${filename}: original kept (${code}: ${reason})`,
});
