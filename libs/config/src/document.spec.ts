import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'dotenv';
import { loadConfig, settingKeys, settingsExample, settingsMarkdown } from './index';

const root = path.resolve(__dirname, '../../..');

describe('the generated documents', () => {
  it('mention every key', () => {
    const [markdown, example] = [settingsMarkdown(), settingsExample()];
    for (const key of settingKeys) {
      expect(markdown).toContain(`| \`${key}\` |`);
      expect(example).toMatch(new RegExp(`^#${key}=`, 'm'));
    }
  });

  it('are those in the repository (`media-pipeline config docs --write` makes them anew)', () => {
    expect(readFileSync(path.join(root, 'docs/CONFIGURATION.md'), 'utf8')).toBe(settingsMarkdown());
    expect(readFileSync(path.join(root, 'settings.env.example'), 'utf8')).toBe(settingsExample());
  });

  it('give an example file whose every line is valid', () => {
    const entries = parse(settingsExample().replaceAll(/^#([A-Z0-9_]+=)/gm, '$1'));
    expect(Object.keys(entries).sort()).toEqual([...settingKeys].sort());
    // two ways to say the same time, and directories of other machines
    const { SECRETS_DIR: _secrets, ...overrides } = entries;
    expect(loadConfig({ env: {}, overrides }).warnings).toEqual([]);
  });
});
