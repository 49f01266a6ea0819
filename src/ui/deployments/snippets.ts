import type { Tensor } from '#src/contracts/signature.ts'

export type SnippetLanguage = 'curl' | 'python' | 'typescript'
export const keyVariable = 'NEUROWEAVER_API_KEY'

type Call = {
  /** The deployment's address, to which `/infer` is appended. */
  endpointUrl: string
  inputs: readonly Tensor[]
  /** A key to put in; without one the snippet reads it from the environment. */
  key: string | null
}

/** For a POSIX shell: nothing inside single quotes is special but the quote itself. */
const shellQuote = (words: string) => `'${words.replaceAll("'", `'\\''`)}'`

const bearer = (key: string | null) =>
  key === null ? `"Authorization: Bearer $${keyVariable}"` : shellQuote(`Authorization: Bearer ${key}`)

const bodyOf = (inputs: readonly Tensor[]) => JSON.stringify({ inputs })

function curl({ endpointUrl, inputs, key }: Call): string {
  return [
    `curl -sS ${shellQuote(`${endpointUrl}/infer`)} \\`,
    `  -H ${bearer(key)} \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -d ${shellQuote(bodyOf(inputs))}`,
  ].join('\n')
}

const pythonWords: Record<string, string> = { true: 'True', false: 'False', null: 'None' }

/** JSON text as a Python literal: outside of strings only three words differ. */
const pythonLiteral = (json: string) => json.replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (token) => pythonWords[token] ?? token)

const lines = (inputs: readonly Tensor[], indent: string) => inputs.map((one) => `${indent}${JSON.stringify(one)},`).join('\n')

function python({ endpointUrl, inputs, key }: Call): string {
  const secret = key === null ? `os.environ["${keyVariable}"]` : JSON.stringify(key)
  return [
    ...(key === null ? ['import os', ''] : []),
    'import requests',
    '',
    'response = requests.post(',
    `    ${JSON.stringify(`${endpointUrl}/infer`)},`,
    `    headers={"Authorization": "Bearer " + ${secret}},`,
    '    json={"inputs": [',
    pythonLiteral(lines(inputs, '        ')),
    '    ]},',
    '    timeout=30,',
    ')',
    'response.raise_for_status()',
    'for output in response.json()["outputs"]:',
    '    print(output["name"], output["data"])',
  ].join('\n')
}

function typescript({ endpointUrl, inputs, key }: Call): string {
  const secret = key === null ? `\${process.env.${keyVariable}}` : key
  return [
    `const response = await fetch(${JSON.stringify(`${endpointUrl}/infer`)}, {`,
    `  method: 'POST',`,
    `  headers: { Authorization: \`Bearer ${secret}\`, 'Content-Type': 'application/json' },`,
    '  body: JSON.stringify({',
    '    inputs: [',
    lines(inputs, '      '),
    '    ],',
    '  }),',
    '})',
    'if (!response.ok) throw new Error(await response.text())',
    'const { outputs } = await response.json()',
    'for (const { name, data } of outputs) console.log(name, data)',
  ].join('\n')
}

const writers: Record<SnippetLanguage, (call: Call) => string> = { curl, python, typescript }

/** A call of this deployment with these values that runs as it stands. */
export const snippet = (language: SnippetLanguage, call: Call) => writers[language](call)

type RestCall = { origin: string; key: string | null; project: string | null; path: string; body?: unknown }

/** A POST to the REST API by curl; the project is named wherever a key would not find it by itself. */
export function restSnippet({ origin, key, project, path, body }: RestCall): string {
  const flags = [
    bearer(key),
    ...(project === null || project === 'default' ? [] : [shellQuote(`X-NeuroWeaver-Project: ${project}`)]),
    ...(body === undefined ? [] : [`'Content-Type: application/json'`]),
  ].map((header) => `  -H ${header}`)
  const data = body === undefined ? [] : [`  -d ${shellQuote(JSON.stringify(body))}`]
  return [`curl -sS -X POST ${shellQuote(`${origin}/api/v1${path}`)}`, ...flags, ...data].join(' \\\n')
}
