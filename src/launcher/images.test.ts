/** What must agree between the program and its images, checked without an engine. docker/check.sh tries the images themselves. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pageSources } from '#src/launcher/build.ts'
import { inRoot } from '#src/launcher/paths.ts'

const read = (name: string) => readFileSync(inRoot(name), 'utf8')
const compose = read('docker-compose.yml')
const settingNames = [...read('src/server/env.ts').matchAll(/^ {2}([A-Z][A-Z0-9_]+): /gm)].map((match) => match[1] as string)

/** Set by the images, or made by the one-shot service. */
const ownSettings = ['HOST', 'PORT', 'INFERENCE_PORT', 'NEUROWEAVER_DATA_DIR', 'NEUROWEAVER_CONTROL_URL']
const madeSettings = ['RUNTIME_TOKEN', 'NEXTAUTH_SECRET', 'NEUROWEAVER_SETUP_CODE']

describe('docker-compose.yml', () => {
  test('there are settings', () => expect(settingNames.length).toBeGreaterThan(30))

  test.each(settingNames.filter((name) => ![...ownSettings, ...madeSettings].includes(name)))('passes on %s', (name) => {
    expect(compose).toMatch(new RegExp(`^ +${name}: \\$\\{${name}:-`, 'm'))
  })

  test.each(madeSettings)('gives %s as a file', (name) => expect(compose).toContain(`${name}_FILE: /secrets/`))

  test('names only secrets as files, since the entry of an image reads every NAME_FILE', () => {
    for (const [, path] of compose.matchAll(/_FILE: (\S+)/g)) expect(path).toMatch(/^\/secrets\//)
  })

  test('says nothing twice in one place', () => {
    const lines = compose.split('\n')
    for (const [at, line] of lines.entries()) {
      const indent = /^ */.exec(line)?.[0] ?? ''
      const key = /^ *([\w-]+):/.exec(line)?.[1]
      if (!key) continue
      const rest = lines.slice(at + 1)
      const end = rest.findIndex((other) => other.trim() !== '' && !other.startsWith(indent))
      const twin = rest.slice(0, end < 0 ? undefined : end).find((other) => other.startsWith(`${indent}${key}:`))
      expect(twin, `${key} in line ${at + 1}`).toBeUndefined()
    }
  })

  test('holds no secret', () => expect(compose).not.toMatch(/(PASSWORD|SECRET|TOKEN|KEY): (?!\$\{)\S/))
})

/** What a stage of a Dockerfile copies from the checkout. */
function copiedBy(file: string, stage: string): string[] {
  const [, text = ''] = read(file).split(new RegExp(`^FROM \\S+ AS ${stage}$`, 'm'))
  const lines = (text.split(/^FROM /m)[0] ?? '').matchAll(/^COPY (?!--from)(.+)$/gm)
  return [...lines].flatMap((line) => (line[1] as string).split(' ').slice(0, -1))
}

describe('Dockerfiles', () => {
  test('pages are built from what makes them stale', () => {
    const given = [...copiedBy('docker/web.Dockerfile', 'tools'), ...copiedBy('docker/web.Dockerfile', 'pages')]
    expect(given).toEqual(expect.arrayContaining(pageSources))
  })

  test.each(['web', 'inference', 'training'])('what the image of %s copies is there', (image) => {
    const copied = [...read(`docker/${image}.Dockerfile`).matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap((line) =>
      (line[1] as string).split(' ').slice(0, -1),
    )
    for (const path of copied.filter((name) => !name.includes('*'))) expect(existsSync(inRoot(path)), path).toBe(true)
  })

  test.each(['web', 'inference', 'training'])(
    'the image of %s runs as nobody in particular, stops on SIGTERM and says how it is',
    (image) => {
      const text = read(`docker/${image}.Dockerfile`)
      for (const line of [/^USER node$/m, /^STOPSIGNAL SIGTERM$/m, /^HEALTHCHECK /m, /^LABEL org\.opencontainers\./m])
        expect(text).toMatch(line)
    },
  )
})

/** Stands in for Docker: an engine on which an earlier check left containers, and which can not build. */
const crowdedEngine = `#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in ps*|volume*) echo left;; *" build "*) exit 1;; esac
`

test('docker/check.sh removes what an earlier check left before it builds, since its models would count as those of this one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'neuroweaver-check-'))
  const calls = join(folder, 'calls')
  writeFileSync(join(folder, 'docker'), crowdedEngine, { mode: 0o755 })
  // It would fetch a wheel of PyTorch.
  writeFileSync(join(folder, 'python3'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, CALLS: calls }
  const { status, stdout } = spawnSync('bash', [inRoot('docker/check.sh')], { env, encoding: 'utf8', timeout: 60_000 })
  const made = readFileSync(calls, 'utf8').split('\n')
  rmSync(folder, { recursive: true })
  expect({ status, stdout }).toMatchObject({ status: 1, stdout: expect.stringContaining('FAULT  building web and worker') })
  const beforeBuilding = made.slice(0, made.indexOf('compose -p neuroweaver-check build secrets'))
  for (const project of ['neuroweaver-check', 'neuroweaver-check-second'])
    expect(beforeBuilding).toContain(`compose -p ${project} down --volumes --remove-orphans`)
})
