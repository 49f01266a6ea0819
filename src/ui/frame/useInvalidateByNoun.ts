'use client'
import { useCallback } from 'react'
import type { Change } from '#src/contracts/home.ts'
import { trpc } from '#src/ui/trpc.tsx'

type Noun = Change['kind']

/** Fetches again what shows these nouns, or all that is on screen. */
export function useInvalidateByNoun() {
  const utils = trpc.useUtils()
  return useCallback(
    (nouns: Noun[] | 'all') => {
      if (nouns === 'all') return void utils.invalidate()
      // Whatever changes, an entry is written with it.
      void utils.audit.invalidate()
      const has = (...some: Noun[]) => some.some((noun) => nouns.includes(noun))
      if (has('model')) void Promise.all([utils.models.invalidate(), utils.performance.invalidate()])
      if (has('dataset')) void utils.datasets.invalidate()
      if (has('job')) void Promise.all([utils.training.list.invalidate(), utils.training.get.invalidate()])
      if (has('deployment'))
        void Promise.all([utils.deployments.list.invalidate(), utils.deployments.get.invalidate(), utils.deployments.traffic.invalidate()])
      if (has('deployment') && !has('model')) void utils.models.version.invalidate()
      if (has('upload')) void utils.uploads.invalidate()
      if (has('runtime')) void Promise.all([utils.runtimes.invalidate(), utils.deployments.get.invalidate()])
      if (has('user'))
        void Promise.all([utils.users.invalidate(), utils.serviceAccounts.invalidate(), utils.me.invalidate(), utils.apiKeys.invalidate()])
      if (has('alert')) void utils.alerts.invalidate()
      if (has('channel')) void utils.channels.invalidate()
      if (has('project')) void Promise.all([utils.projects.invalidate(), utils.members.invalidate(), utils.me.invalidate()])
      if (has('model', 'dataset', 'job', 'deployment', 'runtime', 'alert')) void utils.home.invalidate()
    },
    [utils],
  )
}
