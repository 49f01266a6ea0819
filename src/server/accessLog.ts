/** One line for each request that a door of web has answered. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createLog, requestScope } from './log.ts'

const logs = {
  rest: createLog('rest'),
  trpc: createLog('trpc'),
  uploads: createLog('uploads'),
  runtime: createLog('runtime'),
  inference: createLog('passThrough'),
  web: createLog('web'),
}

function doorOf(path: string): keyof typeof logs {
  if (path.startsWith('/api/v1') || path === '/models') return 'rest'
  if (path.startsWith('/api/trpc/')) return 'trpc'
  if (path.startsWith('/uploads')) return 'uploads'
  if (path.startsWith('/api/runtime/')) return 'runtime'
  return path === '/v2' || path.startsWith('/v2/') ? 'inference' : 'web'
}

/** Comes every few seconds from machines, or with every page: of use only to somebody who looks for trouble. */
const isRoutine = (path: string) =>
  /^\/(health|metrics$|_next\/|favicon|icon)/.test(path) ||
  /^\/api\/(v1\/health|runtime\/v1\/(heartbeat|training\/claim|training\/jobs\/[^/]+\/heartbeat|inference\/(desired|introspect|replicas)))/.test(
    path,
  )

const longestPath = 300

/** Watches one request; the line is written when its answer has gone out or its caller has. To be called within its scope. */
export function noteRequest(req: IncomingMessage, res: ServerResponse): void {
  const startedAt = performance.now()
  const scope = requestScope.getStore()
  // The door may change the address; queries are left out because people put secrets there.
  const path = (req.url ?? '/').split('?', 1)[0]?.slice(0, longestPath) ?? '/'
  const log = logs[doorOf(path)]
  const write = isRoutine(path) ? log.debug : log.info
  res.once('close', () => {
    const line = () =>
      write(`${req.method} ${path}`, {
        statusCode: res.statusCode,
        duration: performance.now() - startedAt,
        ...(res.writableFinished ? {} : { data: { isCutOff: true } }),
      })
    // An event of the socket belongs to no request.
    if (scope) requestScope.run(scope, line)
    else line()
  })
}

/** Lets every later line of this request say who sent it. */
export function noteCaller(caller: { userId: string | null; sessionId?: string | null }): void {
  const scope = requestScope.getStore()
  if (!scope) return
  scope.userId = caller.userId
  scope.sessionId = caller.sessionId ?? null
}
