'use client'
import { useRouter } from 'next/navigation'
import { useMemo, useState } from 'react'
import type { DatasetDetail } from '#src/contracts/dataset.ts'
import type { RecipeName } from '#src/contracts/training.ts'
import { fieldErrorsOf } from '#src/ui/kit/errors.ts'
import type { JobFormStart } from '#src/ui/training/jobFormStart.ts'
import { fieldsInUse } from '#src/ui/training/formSchema.ts'
import {
  type Chosen,
  completeDraft,
  draftOf,
  fieldsOfRecipe,
  inputOf,
  type JobDraft,
  placeOf,
  problemsOf,
} from '#src/ui/training/jobDraft.ts'
import { jobHref } from '#src/ui/training/jobFacts.ts'
import { trpc } from '#src/ui/trpc.tsx'

/** A data set that is still being read is announced when it is ready; this is for a browser that missed it. */
const verifyPollMs = 2000

/** Opens what is folded around the first wrong field, and focuses it. */
function focusFirst(places: readonly string[]) {
  const controls = [...document.querySelectorAll<HTMLElement>('[name], [data-place]')]
  const control = controls.find((each) => places.includes(each.getAttribute('name') ?? each.dataset.place ?? ''))
  const target =
    control?.getAttribute('aria-hidden') === 'true' ? control.parentElement?.querySelector<HTMLElement>('[role="combobox"]') : control
  target?.focus()
}

function useDataset(start: JobFormStart, from: { datasetName: string; datasetVersion: number } | undefined) {
  const [picked, setPicked] = useState<string | null>(null)
  const list = trpc.datasets.list.useQuery({ limit: 200 })
  const newest = list.data?.items.find((one) => one.status === 'ready')?.name
  const name = picked ?? from?.datasetName ?? start.dataset ?? newest ?? ''
  const version = picked !== null && picked !== (from?.datasetName ?? start.dataset) ? undefined : (from?.datasetVersion ?? start.version)
  const detail = trpc.datasets.get.useQuery(
    { dataset: name, version },
    {
      enabled: name !== '' && (!start.from || !!from || picked !== null),
      refetchInterval: ({ state }) => (state.data?.status === 'pending' ? verifyPollMs : false),
    },
  )
  return { list, name, detail, pick: setPicked }
}

/** Everything behind the form of a new job: its data set, the draft, what is wrong with it, and the sending. */
export function useJobForm(start: JobFormStart) {
  const router = useRouter()
  const utils = trpc.useUtils()
  const from = trpc.training.get.useQuery({ id: start.from ?? '' }, { enabled: start.from !== undefined }).data
  const recipes = trpc.training.recipes.useQuery().data
  const dataset = useDataset(start, from)
  const [chosen, setChosen] = useState<Chosen>(start.recipe ? { recipe: start.recipe } : {})
  const [problems, setProblems] = useState<Record<string, string>>({})
  const [error, setError] = useState<unknown>(null)
  const create = trpc.training.create.useMutation()

  const detail: DatasetDetail | undefined = dataset.detail.data
  const draft = useMemo(
    () => (detail ? completeDraft(detail, { ...(from ? draftOf(from) : {}), ...chosen }) : null),
    [detail, from, chosen],
  )
  const allFields = useMemo(
    () => fieldsOfRecipe(recipes?.find((one) => one.name === draft?.recipe)?.hyperParameters),
    [recipes, draft?.recipe],
  )
  const fields = fieldsInUse(allFields, draft?.hyper ?? {})

  const clear = (place: string) =>
    setProblems((old) => (place in old ? Object.fromEntries(Object.entries(old).filter(([key]) => key !== place)) : old))
  const set = <Key extends keyof JobDraft>(key: Key, value: JobDraft[Key]) => {
    setChosen((old) => ({ ...old, [key]: value }))
    clear(key)
  }
  const setHyper = (name: string, value: string) => {
    setChosen((old) => ({ ...old, hyper: { ...draft?.hyper, [name]: value } }))
    clear(`hyperParameters.${name}`)
  }
  const setRecipe = (recipe: RecipeName) => {
    setChosen((old) => ({ ...old, recipe, hyper: {} }))
    setProblems({})
  }
  const pickDataset = (name: string) => {
    dataset.pick(name)
    setChosen(({ target: _target, text: _text, excluded: _excluded, groupBy: _groupBy, ...kept }) => kept)
    setProblems({})
  }
  const refuse = (found: Record<string, string>) => {
    setProblems(found)
    setTimeout(() => focusFirst(Object.keys(found)), 50)
  }
  const submit = async (event: { preventDefault: () => void }) => {
    event.preventDefault()
    if (!detail || !draft || create.isPending) return
    const found = problemsOf(draft, detail.columns, fields)
    if (Object.keys(found).length > 0) return refuse(found)
    setError(null)
    try {
      const job = await create.mutateAsync(inputOf(draft, detail, fields))
      void Promise.all([utils.training.list.invalidate(), utils.home.invalidate(), utils.datasets.get.invalidate()])
      router.push(jobHref(job.id))
    } catch (thrown) {
      const refused = Object.fromEntries(Object.entries(fieldErrorsOf(thrown)).map(([path, message]) => [placeOf(path), message]))
      if (Object.keys(refused).length > 0) refuse(refused)
      setError(thrown)
    }
  }
  return {
    recipes,
    dataset,
    detail,
    draft,
    fields,
    problems,
    error,
    isBusy: create.isPending,
    set,
    setHyper,
    setRecipe,
    pickDataset,
    submit,
    from,
  }
}

export type JobForm = ReturnType<typeof useJobForm>
