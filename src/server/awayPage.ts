/** What a page shows while the database is away: nothing of ours could be rendered, so it stands by itself and comes again. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readHealth } from './services/health.ts'

const againSeconds = 3
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="${againSeconds}">
<title>■ NeuroWeaver is away</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center }
main { max-width: 34rem; padding: 1.5rem }
h1 { font-size: 1.25rem }
</style>
</head>
<body>
<main role="status">
<h1>The database does not answer</h1>
<p>Nothing that was saved is lost, and deployments go on answering. This page tries again every ${againSeconds} seconds.</p>
<p>If it stays so, look at the database, and at the log of the web process.</p>
</main>
</body>
</html>
`

/** Answers in place of a page while the database is away. @returns false when the page can be rendered. */
export async function standIn(req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  if (req.url?.startsWith('/_next/') || (await readHealth()).status !== 'unavailable') return false
  res.writeHead(503, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(page),
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'retry-after': String(againSeconds),
  })
  res.end(req.method === 'HEAD' ? undefined : page)
  return true
}
