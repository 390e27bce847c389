import { differenceFromLock } from './dependencies.mjs';
import { commandFor } from './launch.mjs';
import { planInstallation } from './programs.mjs';
import { closingLine, summarize } from './totals.mjs';

describe('commandFor', () => {
  it.each([
    [[], false, ['run'], true],
    [['--once', '--json'], false, ['run', '--once', '--json'], true],
    [['--source', 'a'], false, ['run', '--source', 'a'], false],
    [['--source=a', '--once'], false, ['run', '--source=a', '--once'], false],
    [['--once'], true, ['run', '--once'], false],
    [['--help'], false, ['run', '--help'], false],
    [['status', '--library', 'a'], false, ['status', '--library', 'a'], false],
    [['asset', 'list'], true, ['asset', 'list'], false],
  ])('npm start -- %j (settings: %j) → media-pipeline %j, sample: %j', (given, hasSettings, args, needsSample) => {
    expect(commandFor(given, hasSettings)).toEqual({ args, needsSample });
  });
});

describe('planInstallation', () => {
  const machine = { missing: ['ffmpeg', 'nats-server'], apt: true, root: false, sudo: false };

  it('does nothing when nothing is missing', () => {
    expect(planInstallation({ ...machine, missing: [] })).toEqual({ how: 'nothing' });
  });

  it('installs as root or with sudo', () => {
    expect(planInstallation({ ...machine, root: true })).toEqual({ how: 'run', prefix: [] });
    expect(planInstallation({ ...machine, sudo: true })).toEqual({ how: 'run', prefix: ['sudo', '-n'] });
  });

  it('prints the command to type otherwise', () => {
    expect(planInstallation(machine).message).toContain('sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg nats-server\n');
    expect(planInstallation({ ...machine, apt: false, root: true }).message).toContain('ffmpeg nats-server');
  });
});

describe('differenceFromLock', () => {
  const wanted = { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0', optional: true } };

  it('finds what is missing or of another version', () => {
    expect(differenceFromLock(wanted, null)).toBe('node_modules is missing');
    expect(differenceFromLock(wanted, {})).toBe('node_modules/a is missing');
    expect(differenceFromLock(wanted, { 'node_modules/a': { version: '1.0.1' } })).toContain('1.0.1, package-lock.json wants 1.0.0');
  });

  it('does not mind the packages of other platforms', () => {
    expect(differenceFromLock(wanted, { 'node_modules/a': { version: '1.0.0' } })).toBeNull();
  });
});

describe('the closing line', () => {
  const report = (results, extra = {}) => ({ numPassedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: results, ...extra });

  it('adds up every Jest run and counts failed checks', () => {
    const failing = { name: 'x.spec.ts', status: 'failed', assertionResults: [{ status: 'failed', fullName: 'does y' }, { status: 'passed' }] };
    const summary = summarize([{ name: 'lint', failed: true }, { name: 'types', failed: false }], [
      { code: 1, report: report([failing], { numPassedTests: 4, numPendingTests: 1 }) },
      { code: 0, report: report([], { numPassedTests: 2, numTodoTests: 1 }) },
    ]);
    expect(summary.problems).toEqual(['lint', 'x.spec.ts › does y']);
    expect(closingLine(summary)).toBe('6 passed, 2 failed, 2 skipped');
  });

  it('never passes over a spec or a run that broke off', () => {
    const broken = { name: 'x.spec.ts', status: 'failed', assertionResults: [] };
    expect(summarize([], [{ code: 1, report: report([broken]) }]).problems).toEqual(['x.spec.ts did not run to its end']);
    expect(summarize([], [{ code: 137, report: null }]).failed).toBe(1);
    expect(summarize([], [{ code: 1, report: report([]) }]).failed).toBe(1);
  });

  it('fails when a pattern matches nothing', () => {
    expect(summarize([], [{ code: 0, report: report([]) }], ['nothing']).failed).toBe(1);
  });
});
