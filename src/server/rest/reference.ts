/** The API describes itself. */
import { z } from 'zod'
import { docsHeaders, renderDocs } from './docs.ts'
import { buildDocument, type Document } from './document.ts'
import { originOf } from './paging.ts'
import { type Route, route } from './route.ts'

const tag = 'Reference'

/** @param all every route, these too; asked for when the first reader comes. */
export function referenceRoutes(all: () => readonly Route[]): Route[] {
  let document: Document | undefined
  const build = () => {
    document ??= buildDocument(all())
    return document
  }
  return [
    route({
      method: 'GET',
      path: '/openapi.json',
      rule: 'signed-in',
      tag,
      summary: 'This API as an OpenAPI 3.1 document',
      response: z.record(z.string(), z.unknown()),
      handle: async ({ req }) => ({ ...build(), servers: [{ url: `${originOf(req)}/api/v1` }] }),
    }),
    route({
      method: 'GET',
      path: '/docs',
      rule: 'signed-in',
      tag,
      summary: 'This API as a page',
      produces: 'text/html',
      handle: async ({ req, res }) => {
        const page = Buffer.from(renderDocs(build(), originOf(req)))
        res.writeHead(200, { ...docsHeaders, 'content-length': page.length }).end(page)
      },
    }),
  ]
}
