import { z } from 'zod'
import * as access from '#src/contracts/access.ts'
import { id } from '#src/contracts/common.ts'
import { env } from '#src/server/env.ts'
import { createApiKey, listApiKeys, revokeApiKey } from '#src/server/services/apiKeys.ts'
import { createProject, listProjects } from '#src/server/services/projects.ts'
import { drainRuntime, listRuntimes, removeRuntime } from '#src/server/services/runtimes.ts'
import * as users from '#src/server/services/users.ts'
import { procedure, router } from './init.ts'

const done = z.object({ ok: z.literal(true) })
const ok = { ok: true } as const

export const setupRouter = router({
  status: procedure('open')
    .output(z.object({ needsAdmin: z.boolean(), needsCode: z.boolean() }))
    .query(async () => ({ needsAdmin: await users.needsFirstAdmin(), needsCode: env().NEUROWEAVER_SETUP_CODE !== undefined })),
  createAdmin: procedure('open')
    .input(access.createFirstAdmin)
    .output(done)
    .mutation(async ({ input }) => {
      await users.createFirstAdmin(input, env().NEUROWEAVER_SETUP_CODE)
      return ok
    }),
})

export const meRouter = router({
  get: procedure('signed-in')
    .output(access.me)
    .query(async ({ ctx: { caller } }) => {
      const [user, projects] = await Promise.all([caller.userId ? users.getUser(caller.userId) : null, listProjects(caller)])
      const project = projects.find((item) => item.id === caller.project.id)
      return {
        user,
        project: project ?? { ...caller.project, description: '', createdAt: new Date(0).toISOString() },
        projects,
        permissions: [...caller.permissions],
      }
    }),
  changePassword: procedure('signed-in')
    .input(access.changePassword)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await users.changePassword(ctx.caller, input)
      return ok
    }),
})

export const usersRouter = router({
  list: procedure('installation-admin')
    .output(z.array(access.user))
    .query(() => users.listUsers()),
  create: procedure('installation-admin')
    .input(access.createUser)
    .output(access.user)
    .mutation(({ ctx, input }) => users.createUser(ctx.caller, input)),
  update: procedure('installation-admin')
    .input(access.updateUser)
    .output(access.user)
    .mutation(({ ctx, input }) => users.updateUser(ctx.caller, input)),
})

export const apiKeysRouter = router({
  list: procedure('signed-in')
    .output(z.array(access.apiKey))
    .query(({ ctx }) => listApiKeys(ctx.caller)),
  create: procedure('signed-in')
    .input(access.createApiKey)
    .output(access.createdApiKey)
    .mutation(({ ctx, input }) => createApiKey(ctx.caller, input)),
  revoke: procedure('signed-in')
    .input(z.object({ id }))
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await revokeApiKey(ctx.caller, input.id)
      return ok
    }),
})

export const runtimesRouter = router({
  list: procedure('read')
    .output(z.array(access.runtimeView))
    .query(() => listRuntimes()),
  drain: procedure('installation-admin')
    .input(z.object({ id, isDraining: z.boolean() }))
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await drainRuntime(ctx.caller, input.id, input.isDraining)
      return ok
    }),
  remove: procedure('installation-admin')
    .input(z.object({ id }))
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await removeRuntime(ctx.caller, input.id)
      return ok
    }),
})

export const projectsRouter = router({
  list: procedure('signed-in')
    .output(z.array(access.project))
    .query(({ ctx }) => listProjects(ctx.caller)),
  create: procedure('installation-admin')
    .input(access.createProject)
    .output(access.project)
    .mutation(({ ctx, input }) => createProject(ctx.caller, input)),
})
