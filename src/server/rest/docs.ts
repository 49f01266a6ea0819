/** The API's own page: the OpenAPI document as plain HTML. It has no script, so it can be shown under a policy that allows none. */
import { createHash } from 'node:crypto'
import type { Document, Json, Operation } from './document.ts'
import { schemaText } from './docsSchema.ts'

const style = `
:root{color-scheme:light dark;--bg:#fbfbfa;--surface:#fff;--line:#e6e5e1;--text:#1d1d1b;--muted:#6b6a66;--accent:#3b5bdb}
@media(prefers-color-scheme:dark){:root{--bg:#111213;--surface:#18191b;--line:#2a2c2f;--text:#ececea;--muted:#9a9b9f;--accent:#8aa2ff}}
*{box-sizing:border-box}html{scroll-padding-top:16px}
body{margin:0;background:var(--bg);color:var(--text);font:14px/20px "Inter Variable",Inter,system-ui,sans-serif}
main{max-width:960px;padding:32px 24px 96px;margin-left:264px}
nav{position:fixed;inset:0 auto 0 0;width:264px;overflow:auto;padding:24px 16px;border-right:1px solid var(--line);background:var(--surface)}
nav h2{font-size:12px;color:var(--muted);margin:16px 0 4px;font-weight:600}
nav a{display:block;padding:4px 8px;border-radius:6px;color:var(--text);text-decoration:none;font-size:13px}
a{color:var(--accent)}nav a:hover,nav a:focus-visible{background:var(--bg);color:var(--accent)}
h1{font-size:28px;line-height:36px;margin:0 0 8px}main h2{font-size:20px;line-height:28px;margin:48px 0 8px}
article{background:var(--surface);border:1px solid var(--line);border-radius:8px;padding:16px;margin:12px 0}
article h3{margin:0;font-size:14px;font-weight:600}article h3 code{font-weight:400;overflow-wrap:anywhere}
p{margin:8px 0}.muted{color:var(--muted)}
code,pre{font:12px/18px "JetBrains Mono Variable","JetBrains Mono",ui-monospace,monospace}
pre{margin:8px 0 0;padding:12px;background:var(--bg);border:1px solid var(--line);border-radius:6px;overflow:auto}
.method{display:inline-block;min-width:56px;font:600 12px/18px ui-monospace,monospace}
table{border-collapse:collapse;width:100%;font-size:13px;margin-top:8px}
th,td{text-align:left;vertical-align:top;padding:4px 12px 4px 0;border-top:1px solid var(--line)}th{font-weight:600;font-size:12px;color:var(--muted)}
summary{cursor:pointer;margin-top:8px;font-size:13px;color:var(--accent)}
@media(max-width:900px){nav{position:static;width:auto;border:0}main{margin:0;padding:16px}}
`
const styleHash = createHash('sha256').update(style).digest('base64')

export const docsHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const html = (text: unknown) => String(text ?? '').replace(/[&<>"']/g, (char) => entities[char] as string)
/** Text in which backticks mark code. */
const prose = (text: unknown) => html(text).replace(/`([^`]+)`/g, '<code>$1</code>')

const contentOf = (holder: unknown): Json | undefined =>
  Object.values(((holder as Json | undefined)?.content ?? {}) as Json)[0] as Json | undefined
const typeOf = (schema: Json) => (Array.isArray(schema.enum) ? schema.enum.join(' · ') : String(schema.format ?? schema.type ?? ''))

function parametersTable(operation: Operation): string {
  const named = operation.parameters.filter((item) => typeof item.name === 'string')
  if (named.length === 0) return ''
  const rows = named.map((item) => {
    const schema = item.schema as Json
    const fallback = schema.default === undefined ? '' : ` Default <code>${html(schema.default)}</code>.`
    return `<tr><td><code>${html(item.name)}</code></td><td class="muted">${html(item.in)}</td><td>${html(typeOf(schema))}</td><td>${prose(item.description)}${fallback}</td></tr>`
  })
  return `<table><thead><tr><th>Name</th><th>In</th><th>Is</th><th>Means</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function curlOf(method: string, path: string, origin: string, example: unknown): string {
  const verb = method === 'get' ? '' : ` -X ${method.toUpperCase()}`
  const body = example === undefined ? '' : ` \\\n  -H 'content-type: application/json' \\\n  -d '${JSON.stringify(example)}'`
  return `curl${verb} -H "authorization: Bearer $NEUROWEAVER_API_KEY"${body} \\\n  "${origin}/api/v1${path}"`
}

const fold = (title: string, content: string) => (content ? `<details><summary>${title}</summary>${content}</details>` : '')
const block = (text: string) => `<pre tabindex="0">${html(text)}</pre>`

function article(document: Document, method: string, path: string, operation: Operation, origin: string): string {
  const body = contentOf(operation.requestBody)
  const [status, success] = Object.entries(operation.responses)[0] as [string, Json]
  const answer = contentOf(success)?.schema as Json | undefined
  return `<article id="${html(operation.operationId)}">
<h3><span class="method">${method.toUpperCase()}</span> <code>/api/v1${html(path)}</code></h3>
<p>${prose(operation.summary)}. <span class="muted">${prose(operation.description)}</span></p>
${parametersTable(operation)}
${fold('Body', body ? block(schemaText(document, body.schema as Json)) : '')}
${fold(`Answer ${html(status)}`, answer ? block(schemaText(document, answer)) : '')}
${fold('Try it', block(curlOf(method, path, origin, body?.example)))}
</article>`
}

/** @returns the whole page. */
export function renderDocs(document: Document, origin: string): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const sections = document.tags.map(({ name }) => ({ name, items: operations.filter(({ operation }) => operation.tags[0] === name) }))
  const links = sections.map(
    ({ name, items }) =>
      `<h2>${html(name)}</h2>${items.map(({ operation }) => `<a href="#${html(operation.operationId)}">${html(operation.summary)}</a>`).join('')}`,
  )
  const bodies = sections.map(
    ({ name, items }) =>
      `<h2>${html(name)}</h2>${items.map(({ method, path, operation }) => article(document, method, path, operation, origin)).join('')}`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>API · NeuroWeaver</title><style>${style}</style></head>
<body><nav aria-label="Addresses">${links.join('')}</nav><main><h1>API</h1>
<p>${prose(document.info.description)} The project is a key's own, else the header <code>X-NeuroWeaver-Project</code>, else <code>default</code>.</p>
<p class="muted">Errors are <code>{"error": {"code", "message", "details"?, "correlation_id"}}</code>. Lists are arrays; the <code>Link</code> header carries the next page. <a href="openapi.json">OpenAPI 3.1</a></p>
${bodies.join('')}</main></body></html>`
}
