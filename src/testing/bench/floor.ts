/** The floor of the registry: what a hand-written server does for one model, with a prepared select and nothing else. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 })
const server = createServer((req, res) => {
  const id = (req.url ?? '').slice('/models/'.length)
  pool.query({ name: 'model', text: 'select * from models where id = $1', values: [id] }).then(
    ({ rows }) => {
      const body = Buffer.from(JSON.stringify(rows[0]))
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
    },
    (error) => res.writeHead(500).end(String(error)),
  )
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
