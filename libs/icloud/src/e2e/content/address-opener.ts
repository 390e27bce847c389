import { PipelineError } from '@media-pipeline/contracts';
import { Agent, request } from 'undici';
import { ServiceClient, type ContentAnswer, type ContentResponse } from '../../service';

/** Access to addresses without any account. */
export class AddressOpener extends ServiceClient {
  readonly #agent = new Agent({ allowH2: false });

  override async call(): Promise<unknown> {
    throw new Error('nothing to call here');
  }

  override async open(url: string, { headers, signal }: { headers?: Readonly<Record<string, string>>; signal?: AbortSignal }): Promise<ContentResponse> {
    try {
      const answer = await request(url, { dispatcher: this.#agent, headers: { ...headers }, ...(signal && { signal }) });
      return { status: answer.statusCode, headers: answer.headers as Record<string, string>, body: answer.body };
    } catch (error) {
      throw new PipelineError('ICLOUD_UNREACHABLE', String(error), { cause: error });
    }
  }

  override async send(): Promise<ContentAnswer> {
    throw new Error('nothing is taken here');
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
