'use client'
import { keepPreviousData } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { leave } from '#src/ui/frame/leave.ts'
import { places } from '#src/ui/frame/places.tsx'
import { useMode } from '#src/ui/frame/useMode.ts'
import { trpc } from '#src/ui/trpc.tsx'

export type Entry = { key: string; group: string; label: string; hint?: string; status?: string; href?: string; run?: () => void }

const matches = (label: string, query: string) =>
  query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => label.toLowerCase().includes(word))

function useActions(onHelp: () => void): Entry[] {
  const [mode, setMode] = useMode()
  const go = places.map(
    (place): Entry => ({ key: `go-${place.key}`, group: 'Go to', label: place.label, hint: `g ${place.goKey}`, href: place.href }),
  )
  return [
    ...go,
    { key: 'register', group: 'Do', label: 'Register a model', href: '/models/register' },
    { key: 'dataset', group: 'Do', label: 'Add a data set', href: '/datasets/register' },
    { key: 'job', group: 'Do', label: 'Train a model: new training job', href: '/training/new' },
    { key: 'key', group: 'Do', label: 'Create an API key', href: '/settings/keys' },
    { key: 'runtimes', group: 'Go to', label: 'Runtimes and devices', href: '/settings/runtimes' },
    ...(['light', 'dark', 'system'] as const)
      .filter((each) => each !== mode)
      .map((each): Entry => ({ key: `mode-${each}`, group: 'Do', label: `Use the ${each} theme`, run: () => setMode(each) })),
    { key: 'keys', group: 'Do', label: 'Show the keys', hint: '?', run: onHelp },
    { key: 'leave', group: 'Do', label: 'Sign out', run: () => void leave() },
  ]
}

function useThings(query: string) {
  const input = { q: query, limit: 6 }
  const options = { enabled: query.length > 0, placeholderData: keepPreviousData }
  const models = trpc.models.list.useQuery(input, options)
  const datasets = trpc.datasets.list.useQuery(input, options)
  const jobs = trpc.training.list.useQuery(input, options)
  const deployments = trpc.deployments.list.useQuery(input, options)
  const entries: Entry[] = query
    ? [
        ...(models.data?.items ?? []).map(
          (item): Entry => ({
            key: item.id,
            group: 'Model',
            label: item.name,
            status: item.status,
            hint: `v${item.latestVersion}`,
            href: `/models/${item.name}`,
          }),
        ),
        ...(deployments.data?.items ?? []).map(
          (item): Entry => ({
            key: item.id,
            group: 'Deployment',
            label: item.name,
            status: item.status,
            href: `/deployments/${item.name}`,
          }),
        ),
        ...(jobs.data?.items ?? []).map(
          (item): Entry => ({ key: item.id, group: 'Job', label: item.name, status: item.status, href: `/training/${item.id}` }),
        ),
        ...(datasets.data?.items ?? []).map(
          (item): Entry => ({ key: item.id, group: 'Data set', label: item.name, status: item.status, href: `/datasets/${item.name}` }),
        ),
      ]
    : []
  return { entries, isFetching: [models, datasets, jobs, deployments].some((each) => each.isFetching) }
}

function useRecent(): Entry[] {
  const { data } = trpc.home.get.useQuery()
  const groups = { model: 'Model', dataset: 'Data set', job: 'Job', deployment: 'Deployment' }
  return (data?.recent ?? []).slice(0, 5).map(
    (item): Entry => ({
      key: `recent-${item.id}`,
      group: groups[item.kind],
      label: item.title,
      status: item.status,
      hint: 'recent',
      href: item.href,
    }),
  )
}

/** What the palette shows for a query: recent things and all actions for none, else matching things before matching actions. */
export function usePaletteEntries(query: string, onHelp: () => void) {
  const wanted = useDeferredValue(query.trim())
  const actions = useActions(onHelp)
  const things = useThings(wanted)
  const recent = useRecent()
  if (!wanted) return { entries: [...recent, ...actions], isFetching: false }
  return {
    entries: [...things.entries, ...actions.filter((action) => matches(`${action.group} ${action.label}`, wanted))],
    isFetching: things.isFetching,
  }
}
