/** Projects and their members. */
import { z } from 'zod'
import { projectRole } from '#src/contracts/access.ts'
import { name, text } from '#src/contracts/common.ts'
import { listMembers, removeMember, setMember } from '#src/server/services/members.ts'
import { createProject, deleteProject, getProject, listProjects, updateProject } from '#src/server/services/projects.ts'
import { pageQuery } from './fields.ts'
import { sliceOf } from './paging.ts'
import { route } from './route.ts'
import * as shape from './shapes/system.ts'

const tag = 'Projects'
const { limit, skip } = pageQuery
const page = z.strictObject({ limit, skip })

export const projectRoutes = [
  route({
    method: 'GET',
    path: '/projects',
    rule: 'signed-in',
    tag,
    summary: 'List the projects that the caller may read',
    query: page,
    response: shape.project,
    isList: true,
    handle: async ({ caller, query }) => sliceOf(await listProjects(caller), query, shape.presentProject),
  }),
  route({
    method: 'POST',
    path: '/projects',
    rule: 'installation-admin',
    tag,
    summary: 'Make a project',
    description: 'Who makes it is its first admin. A private project is seen by its members and the admins of the installation alone.',
    status: 201,
    body: z
      .strictObject({ name, description: text(2000).default(''), is_private: z.boolean().default(false) })
      .transform(({ is_private: isPrivate, ...rest }) => ({ ...rest, isPrivate }))
      .meta({ title: 'CreateProject' }),
    response: shape.project,
    example: { name: 'growth', description: 'Models of the growth team' },
    handle: async ({ caller, body }) => shape.presentProject(await createProject(caller, body)),
  }),
  route({
    method: 'GET',
    path: '/projects/{project}',
    rule: 'signed-in',
    tag,
    summary: 'Get a project',
    response: shape.project,
    handle: async ({ caller, params }) => shape.presentProject(await getProject(caller, params.project)),
  }),
  route({
    method: 'PATCH',
    path: '/projects/{project}',
    rule: 'signed-in',
    tag,
    summary: "Change a project's name, description or privacy",
    description: 'For its admins.',
    body: z
      .strictObject({ name: name.optional(), description: text(2000).optional(), is_private: z.boolean().optional() })
      .transform(({ is_private: isPrivate, ...rest }) => ({ ...rest, ...(isPrivate === undefined ? {} : { isPrivate }) }))
      .meta({ title: 'UpdateProject' }),
    response: shape.project,
    example: { is_private: true },
    handle: async ({ caller, params, body }) => shape.presentProject(await updateProject(caller, { project: params.project, ...body })),
  }),
  route({
    method: 'DELETE',
    path: '/projects/{project}',
    rule: 'signed-in',
    tag,
    summary: 'Delete a project',
    description:
      'For its admins. Refused with 409 while it holds models, data sets that no job was made of, or jobs and uploads that are under way. Jobs that have ended, the data sets that they were made of, and finished uploads go with it.',
    status: 204,
    handle: ({ caller, params }) => deleteProject(caller, params.project),
  }),
  route({
    method: 'GET',
    path: '/projects/{project}/members',
    rule: 'signed-in',
    tag,
    summary: 'List the members of a project',
    query: page,
    response: shape.member,
    isList: true,
    handle: async ({ caller, params, query }) => sliceOf(await listMembers(caller, params.project), query, shape.presentMember),
  }),
  route({
    method: 'PUT',
    path: '/projects/{project}/members/{user}',
    rule: 'signed-in',
    tag,
    summary: 'Make somebody a member, or change their role',
    description: 'For its admins. The larger of the installation role and the project role holds.',
    body: z.strictObject({ role: projectRole }).meta({ title: 'SetMember' }),
    response: shape.member,
    example: { role: 'editor' },
    handle: async ({ caller, params, body }) =>
      shape.presentMember(await setMember(caller, { project: params.project, user: params.user, role: body.role })),
  }),
  route({
    method: 'DELETE',
    path: '/projects/{project}/members/{user}',
    rule: 'signed-in',
    tag,
    summary: 'Remove a member',
    status: 204,
    handle: ({ caller, params }) => removeMember(caller, params),
  }),
]
