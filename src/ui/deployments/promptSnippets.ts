import { keyVariable, restSnippet, type SnippetLanguage } from '#src/ui/deployments/snippets.ts'

type PromptCall = {
  /** Of web, without a path. */
  origin: string
  project: string
  /** As `POST /api/v1/inference` takes it. */
  body: Record<string, unknown>
  /** A key to put in; without one the snippet reads it from the environment. */
  key: string | null
}

const address = ({ origin }: PromptCall) => `${origin}/api/v1/inference`
const projectHeader = ({ project }: PromptCall): Record<string, string> =>
  project === 'default' ? {} : { 'X-NeuroWeaver-Project': project }

/** JSON text is a Python literal but for three words; inside strings they stay. */
const pythonWords: Record<string, string> = { true: 'True', false: 'False', null: 'None' }
const pythonLiteral = (value: unknown) =>
  JSON.stringify(value, null, 4).replace(/"(?:[^"\\]|\\.)*"|\b(?:true|false|null)\b/g, (token) => pythonWords[token] ?? token)
const indented = (text: string, by: string) => text.replaceAll('\n', `\n${by}`)

function python(call: PromptCall): string {
  const secret = call.key === null ? `os.environ["${keyVariable}"]` : JSON.stringify(call.key)
  const project = Object.entries(projectHeader(call)).map(([name, value]) => `, ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  return [
    ...(call.key === null ? ['import os', ''] : []),
    'import requests',
    '',
    'response = requests.post(',
    `    ${JSON.stringify(address(call))},`,
    `    headers={"Authorization": "Bearer " + ${secret}${project.join('')}},`,
    `    json=${indented(pythonLiteral(call.body), '    ')},`,
    '    timeout=60,',
    ')',
    'response.raise_for_status()',
    'print(response.json()["response"])',
  ].join('\n')
}

function typescript(call: PromptCall): string {
  const secret = call.key === null ? `\${process.env.${keyVariable}}` : call.key
  const project = Object.entries(projectHeader(call)).map(([name, value]) => `, ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
  return [
    `const answer = await fetch(${JSON.stringify(address(call))}, {`,
    `  method: 'POST',`,
    `  headers: { Authorization: \`Bearer ${secret}\`, 'Content-Type': 'application/json'${project.join('')} },`,
    `  body: JSON.stringify(${indented(JSON.stringify(call.body, null, 2), '  ')}),`,
    '})',
    'if (!answer.ok) throw new Error(await answer.text())',
    'const { response } = await answer.json()',
    'console.log(response)',
  ].join('\n')
}

const writers: Record<SnippetLanguage, (call: PromptCall) => string> = {
  curl: (call) => restSnippet({ ...call, path: '/inference' }),
  python,
  typescript,
}

/** A question to a model by name that runs as it stands. */
export const promptSnippet = (language: SnippetLanguage, call: PromptCall) => writers[language](call)
