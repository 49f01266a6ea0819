import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { inspectTabular, type TabularFormat } from './tabular.ts'

const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-tabular-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function inspect(contents: (string | Buffer)[], format: TabularFormat = 'csv') {
  const files = contents.map((content, at) => {
    const path = join(folder, `file-${at}`)
    writeFileSync(path, content)
    return { name: at === 0 ? 'data.csv' : `more-${at}.csv`, path }
  })
  return inspectTabular(files, format)
}

async function columnsOf(content: string, format: TabularFormat = 'csv') {
  const report = await inspect([content], format)
  if (!report.ok) throw new Error(report.reason)
  return report.columns
}

const reasonOf = async (content: string | Buffer, format: TabularFormat = 'csv') => {
  const report = await inspect([content], format)
  return report.ok ? 'accepted' : report.reason
}

describe('a CSV file', () => {
  it('gives rows, types, missing values, figures and a preview', async () => {
    const report = await inspect([
      'age,city,joined,note\n41,Oslo,2024-01-05,"says ""hi"", twice"\n,Lima,2024-02-29T10:00:00Z,\n-2.5e1,,2024-03-01,"two\nlines"\n',
    ])
    expect(report).toMatchObject({
      ok: true,
      rows: 3,
      columns: [
        { name: 'age', type: 'number', missing: 1, distinct: 2, min: -25, max: 41, mean: 8 },
        {
          name: 'city',
          type: 'category',
          missing: 1,
          distinct: 2,
          min: null,
          histogram: [
            { label: 'Oslo', count: 1 },
            { label: 'Lima', count: 1 },
          ],
        },
        { name: 'joined', type: 'datetime', missing: 0 },
        { name: 'note', type: 'category', missing: 1 },
      ],
      preview: [
        ['41', 'Oslo', '2024-01-05', 'says "hi", twice'],
        [null, 'Lima', '2024-02-29T10:00:00Z', null],
        ['-2.5e1', null, '2024-03-01', 'two\nlines'],
      ],
    })
  })

  it('takes a byte order mark, every line ending, mixed too, and no ending at all', async () => {
    expect(await inspect(['\uFEFFa,b\r\n1,2\r\n\r\n3,4\n5,6\r7,8'])).toMatchObject({
      ok: true,
      rows: 4,
      columns: [{ name: 'a' }, { name: 'b' }],
    })
  })

  it('keeps formulas as the text that they are', async () => {
    expect(await inspect(["a\n=cmd|'/c calc'!A1\n"])).toMatchObject({ ok: true, preview: [["=cmd|'/c calc'!A1"]] })
  })

  it('counts numbers into twenty bins that cover all of them', async () => {
    const few = (await columnsOf(`x\n${Array.from({ length: 100 }, (_, at) => at).join('\n')}`))[0]
    expect(few?.histogram).toHaveLength(20)
    expect(few?.histogram.every((bin) => bin.count === 5)).toBe(true)
    const values = Array.from({ length: 5000 }, (_, at) => Math.sin(at) * 1e6)
    const many = (await columnsOf(`x\n${values.join('\n')}`))[0]
    expect(many).toMatchObject({ type: 'number', distinct: 1000, isDistinctCapped: true })
    expect(many?.histogram.reduce((sum, bin) => sum + bin.count, 0)).toBe(5000)
    const width = 2e6 / 20
    for (const [at, bin] of many?.histogram.entries() ?? []) {
      const exact = values.filter((value) => value >= -1e6 + at * width && value < -1e6 + (at + 1) * width).length
      expect(Math.abs(bin.count - exact)).toBeLessThan(30)
    }
  })

  it('stands numbers at the ends of what a double holds', async () => {
    const column = (
      await columnsOf(`x\n${[...Array.from({ length: 1500 }, (_, at) => `${at}e-320`), '1.7e308', '-1.7e308'].join('\n')}`)
    )[0]
    expect(column).toMatchObject({ type: 'number', min: -1.7e308, max: 1.7e308 })
    expect(column?.histogram.reduce((sum, bin) => sum + bin.count, 0)).toBe(1502)
  })

  it('calls a column number that has a few words among at least twenty values, so that the trainer can name their rows', async () => {
    const numbers = Array.from({ length: 27 }, (_, at) => String(at))
    expect((await columnsOf(`x\n${[...numbers, 'n/a', 'old', '?'].join('\n')}`))[0]?.type).toBe('number')
    expect((await columnsOf(`x\n${[...numbers, 'n/a', 'old', '?', '??'].join('\n')}`))[0]?.type).toBe('category')
    expect((await columnsOf('x\n1\n2\nthree\n'))[0]?.type).toBe('category')
    expect((await columnsOf('x\n1\n1e999\n'))[0]?.type).toBe('category')
  })

  it('tells words from categories by length and number', async () => {
    const sentences = Array.from(
      { length: 30 },
      (_, at) => `the customer of case ${at} was not at all pleased with how the matter was handled`,
    )
    const names = Array.from({ length: 200 }, (_, at) => `name-${at}`)
    const kinds = Array.from({ length: 200 }, (_, at) => `kind-${at % 7}`)
    expect((await columnsOf(`x\n${sentences.join('\n')}`))[0]?.type).toBe('text')
    expect((await columnsOf(`x\n${names.join('\n')}`))[0]?.type).toBe('text')
    expect((await columnsOf(`x\n${kinds.join('\n')}`))[0]).toMatchObject({ type: 'category', distinct: 7, isDistinctCapped: false })
  })

  it('is one table over several files', async () => {
    expect(await inspect(['a,b\n1,x\n', 'a,b\n2,y\n3,z'])).toMatchObject({ ok: true, rows: 3 })
    expect(await inspect(['a,b\n1,x\n', 'a,c\n2,y\n'])).toMatchObject({
      ok: false,
      reason: 'more-1.csv, line 1: column 2 is "c", but in the first file it is "b".',
    })
    expect(await inspect(['a,b\n1,x\n', 'a\n2\n'])).toMatchObject({
      reason: 'more-1.csv, line 1: the column "b" of the first file is missing.',
    })
    expect(await inspect(['a\n1\n', 'a,b\n2,3\n'])).toMatchObject({ reason: expect.stringContaining('more-1.csv, line 1') })
  })

  it.each<[string, string | Buffer, string | RegExp]>([
    ['nothing', '', 'data.csv: the file is empty: its first line must name the columns.'],
    ['empty lines', '\n\r\n\n', /is empty/],
    ['a header alone', 'a,b\n', 'data.csv: there are no rows. A data set needs at least one row of values.'],
    ['a column without a name', 'a,,c\n1,2,3\n', 'data.csv, line 1: column 2 has no name in the header.'],
    ['two columns of a name', 'a,b,a\n1,2,3\n', 'data.csv, line 1: the header has the column "a" twice.'],
    ['a control character in a name', '"a\tb",c\n1,2\n', /control characters/],
    [
      'a field too many',
      'a,b\n1,2\n3,4,5\n',
      'data.csv, line 3: row 2 has 3 fields, but the header has 2: put a field that holds a comma in quotes.',
    ],
    ['a field too few', 'a,b\n"1\n",2\n3\n', 'data.csv, line 4: row 2 has 1 fields, but the header has 2.'],
    [
      'a quote that never closes',
      'a,b\n1,2\n3,4\n5,"6\n7,8\n',
      'data.csv, line 4: a quote opens in the row that begins here and never closes.',
    ],
    ['a quote that never closes, in a large file', `a\n"${'1\n'.repeat(9_000_000)}`, /line 2.*16 MiB.*quote/],
    ['a quote in the middle', 'a,b\n5" pipe,2\n', /line 2: the quotes of the row/],
    ['text after a quote', 'a,b\n"x"y,2\n', /line 2: the quotes of the row/],
    ['a NUL byte', 'a,b\n1,2\n3,\u0000\n', /line 3: there is a NUL byte/],
    ['Latin-1', Buffer.from('a,b\n1,2\ncaf\xe9,3\n', 'latin1'), /line 3: this is not UTF-8/],
    ['a character cut off at the end', Buffer.from('a\n1\n\xc3', 'latin1'), /line 3: this is not UTF-8/],
    ['UTF-16 with a mark', Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'), /UTF-16/],
    ['UTF-16 without one', Buffer.from('a,b\n1,2\n', 'utf16le'), /UTF-16/],
    ['semicolons', 'a;b\n1;2\n', 'data.csv, line 1: the columns are parted by semicolons: save the file with commas.'],
    ['tabs', 'a\tb\n1\t2\n', /parted by tabs/],
    ['5001 columns', `${Array.from({ length: 5001 }, (_, at) => `c${at}`).join(',')}\n`, /more than 5000 columns/],
    ['a million columns', `${','.repeat(1_000_000)}\n`, /column 1 has no name/],
    ['a line of 17 MiB', `a\n${'x'.repeat(17 * 1024 * 1024)}\n`, /line 2.*16 MiB/],
  ])('is refused with %s', async (_name, content, reason) => {
    const answer = await reasonOf(content)
    if (typeof reason === 'string') expect(answer).toBe(reason)
    else expect(answer).toMatch(reason)
  })

  it('reads 100,000 rows in seconds and bounded memory', async () => {
    const rows = Array.from({ length: 100_000 }, (_, at) => `${at},${Math.random()},kind ${at % 9},"a, b",2024-01-01`)
    const content = `a,b,c,d,e\n${rows.join('\n')}\n`
    const before = process.memoryUsage().rss
    expect(await inspect([content])).toMatchObject({ ok: true, rows: 100_000 })
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 1024 * 1024)
  })
})

describe('a JSON Lines file', () => {
  it('has a column for every key, in the order of their first use', async () => {
    expect(await inspect(['{"text":"good","n":1}\n\n{"n":2.5,"label":true,"text":null}\r\n{"n":null}'], 'jsonl')).toMatchObject({
      ok: true,
      rows: 3,
      columns: [
        { name: 'text', type: 'category', missing: 2 },
        { name: 'n', type: 'number', missing: 1, mean: 1.75 },
        { name: 'label', type: 'category', missing: 2 },
      ],
      preview: [
        ['good', '1', null],
        [null, '2.5', 'true'],
        [null, null, null],
      ],
    })
  })

  it.each<[string, string | Buffer, RegExp]>([
    ['broken JSON', '{"a":1}\n{"a":\n', /line 2: this is not valid JSON/],
    ['a list', '[1,2]\n', /line 1: every line must be a JSON object/],
    ['a number', '7\n', /line 1: every line must be a JSON object/],
    ['null', 'null', /line 1: every line must be a JSON object/],
    ['a nested value', '{"a":1}\n{"a":{"b":1}}', /line 2: "a" holds a list or an object/],
    ['100,000 brackets', '['.repeat(100_000), /line 1: this is not valid JSON/],
    ['objects 100,000 deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, /line 1/],
    ['a number past a double', '{"a":1e400}', /line 1: "a" holds a number that is too large/],
    ['a key twice', '{"a":1}\n{"a":1,"b":":","a":2}', /line 2: the object has the same key twice/],
    ['a key of every object', '{"__proto__":1}', /"__proto__" can not be a key/],
    ['a key without a name', '{"":1}', /has no name/],
    ['empty objects', '{}\n{}\n', /there are no columns/],
    ['nothing', '\n', /there are no rows/],
    ['a line of 17 MiB', `{"a":1}\n{"a":"${'x'.repeat(17 * 1024 * 1024)}"}`, /line 2: the line has more than 16 MiB/],
    ['bytes that are not UTF-8', Buffer.from('{"a":"\xff"}', 'latin1'), /line 1: this is not UTF-8/],
  ])('is refused with %s', async (_name, content, reason) => {
    expect(await reasonOf(content, 'jsonl')).toMatch(reason)
  })
})
