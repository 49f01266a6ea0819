import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { db } from './db/client.ts'
import { makeRuntime } from '#src/testing/factories.ts'
import { useDatabase } from '#src/testing/database.ts'
import { startWeb } from '#src/testing/web.ts'
import { mkdtempSync } from 'node:fs'
const database = useDatabase()
it('stress', { timeout: 200_000 }, async () => {
  const port = 39229
  const web = await startWeb({ databaseUrl: database.url, dataDir: mkdtempSync('/tmp/adv-'), env: { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` } })
  const [{ webSocketDebuggerUrl }] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as any
  const ws = new WebSocket(webSocketDebuggerUrl)
  await new Promise((r) => ws.addEventListener('open', r))
  let id = 0
  const evaluate = (expression: string) => new Promise<any>((resolve) => {
    const mine = ++id
    ws.addEventListener('message', function on(m: any) { const d = JSON.parse(m.data); if (d.id === mine) { ws.removeEventListener('message', on); resolve(d.result?.result?.value ?? JSON.stringify(d.result).slice(0, 300)) } })
    ws.send(JSON.stringify({ id: mine, method: 'Runtime.evaluate', params: { expression, returnByValue: true, awaitPromise: true } }))
  })
  const look = async (what: string) => {
    const v = await evaluate(`(() => { const r = process.getBuiltinModule('module').createRequire('/work/main/x.js'); const l = r('/work/main/src/server/db/listen.ts').listener(); const p = r('/work/main/src/server/db/client.ts').rawPool(); const c={}; for (const n of l.eventNames()) c[n]=l.listenerCount(n); return JSON.stringify({rss: Math.round(process.memoryUsage().rss/1e6), heap: Math.round(process.memoryUsage().heapUsed/1e6), listeners:c, pool:[p.totalCount,p.idleCount,p.waitingCount], handles: process.getActiveResourcesInfo().length}) })()`)
    const { rows } = await db().execute(sql`select state, wait_event, count(*)::int c from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() group by 1,2`)
    console.log(what, v, JSON.stringify(rows))
  }
  const health = async () => { const t = performance.now(); const r = await fetch(web.url + '/health'); await r.text(); return Math.round(performance.now() - t) + 'ms ' + r.status }
  await look('start')
  const auth = { authorization: `Bearer ${web.adminKey}`, 'content-type': 'application/json' }
  const big = JSON.stringify({ name: 'x', description: 'a'.repeat(1_000_000) })
  const t0 = performance.now()
  const many = Promise.all(Array.from({ length: 500 }, () => fetch(web.url + '/api/v1/projects', { method: 'POST', headers: auth, body: big }).then((r) => r.status, (e) => e.cause?.code)))
  await pause(300)
  console.log('health during', await health())
  const st = await many
  console.log('500x1MiB', Object.entries(Object.groupBy(st, (s) => String(s))).map(([k, v]) => [k, v!.length]), Math.round(performance.now() - t0), 'ms')
  await look('after 500')
  const many2 = await Promise.all(Array.from({ length: 500 }, () => fetch(web.url + '/api/trpc/models.update', { method: 'POST', headers: auth, body: JSON.stringify({model:'x', metadata: {a: 'a'.repeat(1_000_000)}}) }).then((r) => r.status, (e) => e.cause?.code)))
  console.log('trpc', Object.entries(Object.groupBy(many2, (s) => String(s))).map(([k, v]) => [k, v!.length])); await look('after trpc')
  const training = await makeRuntime('training'), inference = await makeRuntime('inference')
  const ac = new AbortController()
  const b = '00000000-0000-4000-8000-000000000000'
  const polls = [
    ...Array.from({ length: 100 }, () => fetch(web.url + '/api/runtime/v1/training/claim', { method: 'POST', signal: ac.signal, headers: { authorization: `Bearer ${training.credential}`, 'content-type': 'application/json' }, body: JSON.stringify({ boot_id: b, devices: ['cpu'], wait_ms: 25000 }) }).then((r) => r.status, () => 'aborted')),
    ...Array.from({ length: 100 }, async () => { const h = { authorization: `Bearer ${inference.credential}`, 'content-type': 'application/json' }; const first = await (await fetch(web.url + '/api/runtime/v1/inference/desired', { method: 'POST', headers: h, body: JSON.stringify({ revision: null, wait_ms: 0 }) })).json() as any; return fetch(web.url + '/api/runtime/v1/inference/desired', { method: 'POST', signal: ac.signal, headers: h, body: JSON.stringify({ revision: first.revision, wait_ms: 25000 }) }).then((r) => r.status, () => 'aborted') }),
    ...Array.from({ length: 300 }, () => fetch(web.url + '/api/trpc/live.changes?input={}', { signal: ac.signal, headers: { ...auth, accept: 'text/event-stream' } }).then(async (r) => { try { await r.text() } catch {} return r.status }, () => 'aborted')),
  ]
  await pause(4000)
  await look('during 200 polls + 300 sse'); console.log('health', await health())
  ac.abort(); await Promise.all(polls); await pause(4500)
  await look('after abort')
  // half-open slow bodies
  const slow = Array.from({ length: 100 }, () => { const s = connect(web.port, '127.0.0.1'); s.on('error', () => {}); s.write(`POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${web.adminKey}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`); return s })
  await pause(500); await look('100 slow'); console.log('health', await health()); slow.forEach((s) => s.destroy()); await pause(500); await look('slow gone')
  for (const [p, bodyOf] of [['/api/auth/callback/credentials', 'a'.repeat(1e6)]] as const) console.log(p, (await fetch(web.url + p, { method: 'POST', body: bodyOf })).status)
  ws.close(); await web.stop()
})
