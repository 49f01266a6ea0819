import { expect, it } from 'vitest'
import { countJunit, countPlaywright, countVitest } from '#src/launcher/counts.ts'

it("adds up vitest's report; a file that does not load is one failure", () => {
  const assertion = (status: string) => ({ fullName: `it ${status}`, status })
  const report = {
    numPassedTests: 1,
    testResults: [
      { name: 'a.test.ts', status: 'failed', assertionResults: [assertion('passed'), assertion('failed'), assertion('skipped')] },
      { name: 'b.test.ts', status: 'failed', message: 'SyntaxError\nat', assertionResults: [] },
    ],
  }
  expect(countVitest(report)).toEqual({
    passed: 1,
    failed: 2,
    skipped: 1,
    reasons: ['skipped: it skipped', 'b.test.ts did not run: SyntaxError'],
  })
})

it("adds up pytest's report with the reasons of what was skipped", () => {
  const xml = `<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="5" time="1">
    <testcase classname="tests.a" name="one" time="0.1" /><testcase classname="tests.a" name="two[&lt;x&gt;]" time="0.1">
    <skipped type="pytest.skip" message="no GPU &amp; no time">a.py:3</skipped></testcase></testsuite></testsuites>`
  expect(countJunit(xml)).toEqual({ passed: 2, failed: 2, skipped: 1, reasons: ['skipped: tests.a two[<x>]: no GPU & no time'] })
})

it("adds up Playwright's report", () => {
  const spec = { title: 'asks', tests: [{ status: 'skipped', annotations: [{ type: 'skip', description: 'no server' }] }] }
  const report = {
    suites: [{ title: 'a', suites: [{ title: 'b', specs: [spec] }] }],
    errors: [],
    stats: { expected: 3, unexpected: 1, flaky: 1, skipped: 1 },
  }
  expect(countPlaywright(report)).toEqual({ passed: 4, failed: 1, skipped: 1, reasons: ['skipped: asks: no server'] })
})
