import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { WIDGET_KEY } from '../account';
import type { LocalAccount } from '../account';
import type { LocalPage } from './local-page';

export { LocalPage } from './local-page';
export type { PageDesign, PageLanguage } from './local-page';

/** The page's own files, beside src/ here and in dist/. */
const folder = path.join(__dirname, '..', '..', 'page');

const types: Readonly<Record<string, string>> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8' };
const asset = z.object({ file: z.string().regex(/^[a-z-]+\.(js|css)$/) });
const pressed = z.object({ pressed: z.string() });

/** Adds the pages of www.icloud.com: the shell with its sign-in, and the Photos app that it shows in a frame. */
export function registerPage(app: FastifyInstance, page: LocalPage): void {
  for (const url of ['/', '/photos']) {
    app.get(url, async (_request, reply) => sendPage(reply, await pageOf('shell.html', page, { photos: page.photosPath, widgetKey: WIDGET_KEY, asksToSignIn: page.asksToSignIn, knowsTrust: page.knowsTrust })));
  }

  for (const build of ['photos3', 'library1']) {
    app.get(`/applications/${build}/current/:language/index.html`, async (_request, reply) => {
      const { design, controlAfterMs, maxFiles, refusedExtensions, filesPerRequest, uploadsAtOnce } = page;
      return sendPage(reply, await pageOf('photos.html', page, { design, controlAfterMs, maxFiles, refusedExtensions, filesPerRequest, uploadsAtOnce }));
    });
  }

  app.get('/system/icloud.com/current/:file', async (request, reply) => {
    const params = asset.safeParse(request.params);
    const type = params.data === undefined ? undefined : types[path.extname(params.data.file)];
    if (params.data === undefined || type === undefined) return reply.status(404).send('Not Found');
    return reply.type(type).header('Cache-Control', 'no-store').send(await readFile(path.join(folder, params.data.file)));
  });

  app.post('/applications/photos3/log', async (request, reply) => {
    const event = pressed.safeParse(request.body);
    if (event.data !== undefined) page.misclicks.push(event.data.pressed);
    return reply.status(204).send();
  });
}

/** The sign-in widget that idmsa shows in a frame of the shell. */
export async function signInWidget(account: LocalAccount, page: LocalPage): Promise<string> {
  return pageOf('sign-in.html', page, { widgetKey: WIDGET_KEY, srpBytes: account.srpBytes });
}

async function pageOf(file: string, page: LocalPage, boot: object): Promise<string> {
  const html = await readFile(path.join(folder, file), 'utf8');
  const language = page.shownLanguage;
  return html.replace('{{language}}', language).replace('{{boot}}', () => JSON.stringify({ language, ...boot }).replaceAll('<', '\\u003c'));
}

function sendPage(reply: FastifyReply, html: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').headers({ 'Cache-Control': 'no-store', 'Content-Security-Policy': "frame-ancestors 'self'" }).send(html);
}
