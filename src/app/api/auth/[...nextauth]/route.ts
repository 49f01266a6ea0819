import NextAuth from 'next-auth'
import type { NextRequest } from 'next/server'
import { authOptions } from '#src/server/trpc/auth.ts'
import { refusalOf } from '#src/server/trpc/authRequest.ts'

type Context = { params: Promise<{ nextauth: string[] }> }

/** What is set up is asked for at each request, because the process that knows it starts after the pages are built. */
const handler = async (request: NextRequest, context: Context) =>
  (await refusalOf(request)) ?? NextAuth(request as never, context as never, authOptions())

export { handler as GET, handler as POST }
