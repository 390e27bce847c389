/**
 * What a whole test run comes to.
 * @param {{ name: string, failed: boolean }[]} checks lint, dead code, types: each failed one counts as one failure
 * @param {{ code: number, report: object | null }[]} runs Jest's exit codes and reports (https://jestjs.io/docs/configuration#testresultsprocessor-string)
 * @param {string[]} patterns what was asked for; nothing found is then a failure
 */
export function summarize(checks, runs, patterns = []) {
  const problems = checks.filter((check) => check.failed).map((check) => check.name);
  let passed = 0;
  let skipped = 0;
  for (const { code, report } of runs) {
    if (report === null) {
      problems.push(`Jest ended with exit code ${code} and no results`);
      continue;
    }
    passed += report.numPassedTests;
    skipped += report.numPendingTests + report.numTodoTests;
    const before = problems.length;
    for (const suite of report.testResults) {
      for (const test of suite.assertionResults) if (test.status === 'failed') problems.push(`${suite.name} › ${test.fullName}`);
      if (suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed')) problems.push(`${suite.name} did not run to its end`);
    }
    if (code !== 0 && problems.length === before) problems.push(`Jest ended with exit code ${code} though no test failed`);
  }
  if (patterns.length > 0 && passed + skipped + problems.length === 0) problems.push(`no spec matches ${patterns.join(' ')}`);
  return { passed, failed: problems.length, skipped, problems };
}

/** @param {{ passed: number, failed: number, skipped: number }} summary */
export const closingLine = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;
