import { z } from 'zod'
import * as access from '#src/contracts/access.ts'
import { id } from '#src/contracts/common.ts'
import { env } from '#src/server/env.ts'
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '#src/server/services/apiKeys.ts'
import * as members from '#src/server/services/members.ts'
import * as projects from '#src/server/services/projects.ts'
import * as accounts from '#src/server/services/serviceAccounts.ts'
import * as sessions from '#src/server/services/sessions.ts'
import { drainRuntime, listRuntimes, removeRuntime } from '#src/server/services/runtimes.ts'
import * as users from '#src/server/services/users.ts'
import { procedure, router } from './init.ts'

const done = z.object({ ok: z.literal(true) })
const ok = { ok: true } as const

export const setupRouter = router({
  status: procedure('open')
    .output(z.object({ needsAdmin: z.boolean(), needsCode: z.boolean(), provider: z.string().nullable() }))
    .query(async () => ({
      needsAdmin: await users.needsFirstAdmin(),
      needsCode: env().NEUROWEAVER_SETUP_CODE !== undefined,
      provider: env().OIDC_ISSUER ? env().OIDC_NAME : null,
    })),
  createAdmin: procedure('open')
    .input(access.createFirstAdmin)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await users.createFirstAdmin(input, env().NEUROWEAVER_SETUP_CODE, ctx.caller.address)
      return ok
    }),
})

export const meRouter = router({
  get: procedure('signed-in')
    .output(access.me)
    .query(async ({ ctx: { caller } }) => {
      const [user, visible] = await Promise.all([caller.userId ? users.getUser(caller.userId) : null, projects.listProjects(caller)])
      const project = visible.find((item) => item.id === caller.project.id)
      return {
        user,
        project: project ?? { ...caller.project, description: '', isPrivate: false, createdAt: new Date(0).toISOString() },
        projects: visible,
        permissions: [...caller.permissions],
      }
    }),
  changePassword: procedure('session')
    .input(access.changePassword)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await users.changePassword(ctx.caller, input)
      return ok
    }),
  sessions: procedure('signed-in')
    .output(z.array(access.session))
    .query(({ ctx }) => sessions.listSessions(ctx.caller)),
  revokeSession: procedure('session')
    .input(z.object({ id }))
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await sessions.revokeSession(ctx.caller, input.id)
      return ok
    }),
  revokeOtherSessions: procedure('session')
    .output(z.object({ count: z.number() }))
    .mutation(async ({ ctx }) => ({ count: await sessions.revokeOtherSessions(ctx.caller) })),
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
  resetPassword: procedure('installation-admin')
    .input(z.object({ id }))
    .output(access.resetPassword)
    .mutation(({ ctx, input }) => users.resetPassword(ctx.caller, input.id)),
  endSessions: procedure('installation-admin')
    .input(z.object({ id }))
    .output(z.object({ count: z.number() }))
    .mutation(async ({ ctx, input }) => ({ count: await sessions.revokeSessionsOf(ctx.caller, input.id) })),
})

export const serviceAccountsRouter = router({
  list: procedure('installation-admin')
    .output(z.array(access.serviceAccount))
    .query(() => accounts.listServiceAccounts()),
  create: procedure('signed-in')
    .input(access.createServiceAccount)
    .output(access.serviceAccount)
    .mutation(({ ctx, input }) => accounts.createServiceAccount(ctx.caller, input)),
  update: procedure('installation-admin')
    .input(access.updateServiceAccount)
    .output(access.serviceAccount)
    .mutation(({ ctx, input }) => accounts.updateServiceAccount(ctx.caller, input)),
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
  rotate: procedure('signed-in')
    .input(access.rotateApiKey)
    .output(access.createdApiKey)
    .mutation(({ ctx, input }) => rotateApiKey(ctx.caller, input)),
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
    .query(({ ctx }) => projects.listProjects(ctx.caller)),
  get: procedure('signed-in')
    .input(access.projectRef)
    .output(access.projectDetail)
    .query(({ ctx, input }) => projects.getProject(ctx.caller, input.project)),
  create: procedure('installation-admin')
    .input(access.createProject)
    .output(access.project)
    .mutation(({ ctx, input }) => projects.createProject(ctx.caller, input)),
  update: procedure('signed-in')
    .input(access.updateProject)
    .output(access.projectDetail)
    .mutation(({ ctx, input }) => projects.updateProject(ctx.caller, input)),
  delete: procedure('signed-in')
    .input(access.projectRef)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await projects.deleteProject(ctx.caller, input.project)
      return ok
    }),
})

export const membersRouter = router({
  list: procedure('signed-in')
    .input(access.projectRef)
    .output(z.array(access.member))
    .query(({ ctx, input }) => members.listMembers(ctx.caller, input.project)),
  set: procedure('signed-in')
    .input(access.setMember)
    .output(access.member)
    .mutation(({ ctx, input }) => members.setMember(ctx.caller, input)),
  remove: procedure('signed-in')
    .input(access.removeMember)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await members.removeMember(ctx.caller, input)
      return ok
    }),
})
