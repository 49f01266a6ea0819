import { expect, it } from 'vitest'
import { countJunit, countPlaywright, countVitest } from '#src/launcher/counts.ts'

it("adds up vitest's report; a file that does not load is one failure", () => {
  const assertion = (status: string) => ({
    fullName: `it ${status}`,
    status,
    failureMessages: status === 'failed' ? ['\u001b[31mexpected 1\n  to be 2\u001b[39m'] : [],
  })
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
    reasons: [
      'skipped: it skipped',
      'failed: a.test.ts: it failed\n    expected 1\n      to be 2',
      'failed: b.test.ts: did not run\n    SyntaxError\n    at',
    ],
  })
})

it('shows how a long failure begins and ends', () => {
  const message = Array.from({ length: 40 }, (_, index) => `line ${index}`).join('\n')
  const [reason] = countVitest({
    numPassedTests: 0,
    testResults: [{ name: 'a.test.ts', status: 'failed', message, assertionResults: [] }],
  }).reasons
  expect(reason?.split('\n').map((line) => line.trim())).toEqual([
    'failed: a.test.ts: did not run',
    ...Array.from({ length: 8 }, (_, index) => `line ${index}`),
    '…',
    ...Array.from({ length: 6 }, (_, index) => `line ${34 + index}`),
  ])
})

it("adds up pytest's report with the reasons of what failed or was skipped", () => {
  const xml = `<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="5" time="1">
    <testcase classname="tests.a" name="one" time="0.1" /><testcase classname="tests.a" name="two[&lt;x&gt;]" time="0.1">
    <skipped type="pytest.skip" message="no GPU &amp; no time">a.py:3</skipped></testcase>
    <testcase classname="tests.b" name="three" time="0.1"><failure message="assert 1 == 2&#10; +  where 1 = f()">def three(): …</failure></testcase>
    <testcase classname="tests.b" name="four" time="0.1"><error message="failed on setup">…</error></testcase></testsuite></testsuites>`
  expect(countJunit(xml)).toEqual({
    passed: 2,
    failed: 2,
    skipped: 1,
    reasons: [
      'skipped: tests.a two[<x>]: no GPU & no time',
      'failed: tests.b: three\n    assert 1 == 2\n     +  where 1 = f()',
      'failed: tests.b: four\n    failed on setup',
    ],
  })
})

it("adds up Playwright's report", () => {
  const skipped = { status: 'skipped', annotations: [{ type: 'skip', description: 'no server' }], results: [] }
  const failed = { status: 'unexpected', annotations: [], results: [{ error: { message: 'Timed out' } }] }
  const passed = { status: 'expected', annotations: [], results: [{}] }
  const specs = [
    { title: 'asks', file: 'a.spec.ts', tests: [skipped] },
    { title: 'answers', file: 'a.spec.ts', tests: [failed, passed] },
  ]
  const report = {
    suites: [{ title: 'a', suites: [{ title: 'b', specs }] }],
    errors: [],
    stats: { expected: 3, unexpected: 1, flaky: 1, skipped: 1 },
  }
  expect(countPlaywright(report)).toEqual({
    passed: 4,
    failed: 1,
    skipped: 1,
    reasons: ['skipped: asks: no server', 'failed: a.spec.ts: answers\n    Timed out'],
  })
})
