import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkOutboundUrl, outboundFetch } from './outbound.ts'

Object.assign(process.env, {
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  RUNTIME_TOKEN: 'r'.repeat(24),
  NEXTAUTH_SECRET: 's'.repeat(40),
  NEUROWEAVER_OUTBOUND_ALLOW: 'open.test, other.test, 10.1.0.0/16',
})

type Answerer = (req: IncomingMessage, res: ServerResponse) => void
let server: Server
let port: number
let answer: Answerer
let seen: IncomingMessage[]

beforeAll(async () => {
  server = createServer((req, res) => {
    seen.push(req)
    answer(req, res)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  seen = []
  answer = (_req, res) => void res.end('fine')
})

/** Stands in for a name server: what a name leads to is what this says at that moment. */
const leadsTo = (...addresses: string[]) => {
  const asked: string[] = []
  const resolve = async (host: string) => {
    asked.push(host)
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  return Object.assign(resolve, { asked }) as unknown as NonNullable<Parameters<typeof outboundFetch>[2]> & { asked: string[] }
}
const here = leadsTo('127.0.0.1')
const ask = (path: string, options = {}, host = 'open.test') => outboundFetch(`http://${host}:${port}${path}`, options, here)

describe('an address that somebody gives', () => {
  test.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0/',
    'http://0177.1/',
    'http://0x7f.0.0.1/',
    'http://2130706433/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[2002:7f00:1::]/',
    'http://[::127.0.0.1]/',
    'http://[::10.0.0.1]/',
    'http://[::169.254.169.254]/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'http://224.0.0.1/',
    'http://240.0.0.1/',
    'http://255.255.255.255/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://100.100.100.200/',
    'http://168.63.129.16/machine/?comp=goalstate',
    'http://[fec0::1]/',
    'http://[64:ff9b:1:a9fe:a9:fe00:808:808]/',
    'http://metadata.google.internal/',
    'http://METADATA.google.internal./',
    'http://localhost/',
    'http://localhost./',
  ])('S1: is refused when it is private: %s', async (url) => {
    await expect(checkOutboundUrl(url)).rejects.toMatchObject({ code: 'bad_request', details: [{ path: 'url' }] })
  })

  test.each([
    'file:///etc/passwd',
    'gopher://example.org/',
    'ftp://example.org/',
    'javascript:alert(1)',
    'http://user:pass@93.184.216.34/',
    'no address',
    '',
  ])('S2: is refused when it is no plain web address: %s', async (url) => {
    await expect(checkOutboundUrl(url)).rejects.toMatchObject({ code: 'bad_request' })
  })

  test('is taken when it is public, or when a setting allows it', async () => {
    expect((await checkOutboundUrl('https://93.184.216.34/hook')).href).toBe('https://93.184.216.34/hook')
    expect((await checkOutboundUrl('http://10.1.2.3/')).hostname).toBe('10.1.2.3')
    await expect(checkOutboundUrl('http://10.2.0.1/')).rejects.toMatchObject({ code: 'bad_request' })
  })
})

describe('a connection', () => {
  test('S2: is made to the address that was checked, found once', async () => {
    const resolve = leadsTo('127.0.0.1')
    const { status, body } = await outboundFetch(`http://open.test:${port}/`, {}, resolve)
    expect([status, body.toString(), resolve.asked]).toEqual([200, 'fine', ['open.test']])
  })

  test.each([
    ['a private one', leadsTo('127.0.0.1')],
    ['a private one among public ones', leadsTo('93.184.216.34', '127.0.0.1')],
    ['a metadata service', leadsTo('169.254.169.254')],
    ['a private one in IPv6 clothes', leadsTo('::ffff:127.0.0.1')],
  ])('S2: is refused when a name that was public has become %s', async (_what, resolve) => {
    await expect(outboundFetch(`http://rebound.test:${port}/`, {}, resolve)).rejects.toMatchObject({ code: 'bad_request' })
    expect(seen).toHaveLength(0)
  })

  test.each([
    '169.254.169.254',
    '168.63.129.16',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '::ffff:0:169.254.169.254',
    'fd00:ec2::254',
  ])('S1: is never made to the metadata service at %s, whatever the settings allow', async (address) => {
    const answer = outboundFetch('http://open.test/', {}, leadsTo(address))
    await expect(answer).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('never reached') })
  })
})

describe('a redirect', () => {
  const to = (location: string) => {
    answer = (req, res) => void res.writeHead(req.url === '/start' ? 302 : 200, { location }).end('there')
  }

  test.each(['http://127.0.0.1:1/', 'http://169.254.169.254/', 'file:///etc/passwd', 'gopher://open.test/', 'http://user:pw@open.test/'])(
    'S2: to %s is refused',
    async (location) => {
      to(location)
      await expect(ask('/start', { maxRedirects: 3 })).rejects.toMatchObject({ code: 'bad_request' })
      expect(seen).toHaveLength(1)
    },
  )

  test('within bounds is followed, and credentials stay with their origin', async () => {
    to(`http://other.test:${port}/next`)
    const { status, url } = await ask('/start', { maxRedirects: 3, headers: { authorization: 'Bearer secret', cookie: 'a=b' } })
    expect([status, url]).toEqual([200, `http://other.test:${port}/next`])
    expect(seen.map(({ headers }) => [headers.authorization, headers.cookie])).toEqual([
      ['Bearer secret', 'a=b'],
      [undefined, undefined],
    ])
  })

  test('S2: is followed three times at most, and not at all unless asked', async () => {
    answer = (_req, res) => void res.writeHead(302, { location: '/again' }).end()
    await expect(ask('/', { maxRedirects: 3 })).rejects.toThrow('more than 3 redirects')
    expect(seen).toHaveLength(4)
    expect((await ask('/')).status).toBe(302)
  })
})

describe('an answer', () => {
  test('S3: without end is cut off at the cap', async () => {
    let sent = 0
    answer = (_req, res) => {
      const chunk = Buffer.alloc(64 * 1024)
      const pour = () => {
        while (!res.destroyed && res.write(chunk)) sent += chunk.length
        if (!res.destroyed) res.once('drain', pour)
      }
      pour()
    }
    await expect(ask('/', { maxBytes: 256 * 1024 })).rejects.toThrow('longer than')
    expect(sent).toBeLessThan(32 * 1024 * 1024)
  })

  test('S3: that unpacks to far more than it weighs is cut off at the cap', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
    answer = (_req, res) => void res.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    await expect(ask('/', { maxBytes: 1024 * 1024 })).rejects.toThrow('longer than')
  })

  test('S3: that drips is given up after the whole time, not after each byte', async () => {
    answer = (_req, res) => {
      const timer = setInterval(() => res.write('.'), 50)
      res.once('close', () => clearInterval(timer))
    }
    const startedAt = performance.now()
    await expect(ask('/', { timeoutMs: 400 })).rejects.toThrow('no answer within 0.4 s')
    expect(performance.now() - startedAt).toBeLessThan(20_000)
  })

  test('S3: that breaks off is an error', async () => {
    answer = (_req, res) => {
      res.writeHead(200, { 'content-length': '100' })
      res.write('short')
      setImmediate(() => res.destroy())
    }
    await expect(ask('/')).rejects.toThrow()
  })

  describe.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('S3: packed with %s', (encoding, pack) => {
    const begin = (res: ServerResponse) => {
      res.writeHead(200, { 'content-encoding': encoding, 'content-length': '1000' })
      res.write(pack(Buffer.from('never whole')).subarray(0, 10))
    }

    test('that breaks off is an error', async () => {
      answer = (_req, res) => {
        begin(res)
        setImmediate(() => res.destroy())
      }
      await expect(ask('/')).rejects.toThrow()
    })

    test('that stalls is given up after the whole time', async () => {
      answer = (_req, res) => begin(res)
      await expect(ask('/', { timeoutMs: 300 })).rejects.toThrow('no answer within 0.3 s')
    })

    test('that comes whole is unpacked', async () => {
      answer = (_req, res) => void res.writeHead(200, { 'content-encoding': encoding }).end(pack(Buffer.from('whole')))
      expect((await ask('/')).body.toString()).toBe('whole')
    })
  })

  test('S3: to a name whose server says nothing is given up after the whole time', async () => {
    const silent = (() => new Promise(() => {})) as unknown as typeof here
    await expect(outboundFetch('http://open.test/', { timeoutMs: 300 }, silent)).rejects.toThrow('no answer within 0.3 s')
  })
})

test.each(['a\r\nx-injected: 1', 'a\nb', 'a\0b'])('S4: a header can not carry a line of its own: %j', async (value) => {
  await expect(ask('/', { headers: { 'x-name': value } })).rejects.toMatchObject({ code: 'bad_request' })
  await expect(ask('/', { headers: { [value]: 'x' } })).rejects.toMatchObject({ code: 'bad_request' })
  expect(seen).toHaveLength(0)
})
