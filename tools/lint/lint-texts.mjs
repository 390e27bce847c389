// Reads [{ file, text }] as JSON from stdin, lints each text as if it were the content of that (existing) file, and prints
// [[{ rule, message }]] on stdout. A process of its own because ESLint loads its configuration with import(), which Jest cannot.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { text as readAll } from 'node:stream/consumers';
import { ESLint } from 'eslint';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const eslint = new ESLint({ cwd: root });
const found = [];
for (const { file, text } of JSON.parse(await readAll(process.stdin))) {
  const results = await eslint.lintText(text, { filePath: path.join(root, file) });
  found.push(results.flatMap((result) => result.messages.map(({ ruleId, message }) => ({ rule: ruleId ?? 'parse error', message }))));
}
process.stdout.write(JSON.stringify(found));
