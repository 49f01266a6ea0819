'use client'
import { trpc } from '#src/ui/trpc.tsx'

/** What the reader may do in this project. All false until it is known. */
export function usePermissions() {
  const { data } = trpc.me.get.useQuery()
  const has = (permission: 'read' | 'write' | 'deploy' | 'admin') => data?.permissions.includes(permission) ?? false
  return {
    canWrite: has('write'),
    canDeploy: has('deploy'),
    isProjectAdmin: has('admin'),
    isAdmin: data?.user?.role === 'admin',
    user: data?.user ?? null,
  }
}
