'use client'
import { useMemo, useState } from 'react'
import type { DeploymentDetail } from '#src/contracts/deployment.ts'
import type { Tensor } from '#src/contracts/signature.ts'
import { buildInputs, exampleOf, fieldsOf, type InputField, inputNamed, textsOf } from '#src/ui/deployments/playgroundInputs.ts'
import { parseRequest, requestText } from '#src/ui/deployments/playgroundResult.ts'
import { readError } from '#src/ui/kit/errors.ts'
import { trpc } from '#src/ui/trpc.tsx'

/** With more inputs than this a form is no help: it begins with JSON. */
const mostFields = 200
export const inputName = (name: string) => `input.${name}`

const examples = (fields: readonly InputField[]) => Object.fromEntries(fields.map((field) => [field.name, exampleOf(field)]))
const focus = (name: string) =>
  setTimeout(() =>
    [...document.querySelectorAll<HTMLElement>('[name]')].find((each) => each.getAttribute('name') === inputName(name))?.focus(),
  )

/** The values of one request as a form and as JSON, its sending, and what came back. */
export function usePlayground(deployment: DeploymentDetail) {
  const fields = useMemo(() => fieldsOf(deployment.signature?.inputs ?? []), [deployment.signature])
  const [texts, setTexts] = useState(() => examples(fields))
  const [mode, setMode] = useState<'form' | 'json'>(fields.length > mostFields ? 'json' : 'form')
  const [json, setJson] = useState(() => requestText(buildInputs(fields, examples(fields)).inputs))
  const [problems, setProblems] = useState<Record<string, string>>({})
  const [jsonProblem, setJsonProblem] = useState<string | null>(null)
  const infer = trpc.deployments.infer.useMutation()
  const utils = trpc.useUtils()

  const parsed = parseRequest(json)
  const inputs: readonly Tensor[] = mode === 'json' && 'inputs' in parsed ? parsed.inputs : buildInputs(fields, texts).inputs

  const change = (name: string, text: string) => {
    setTexts((old) => ({ ...old, [name]: text }))
    setProblems(({ [name]: _solved, ...rest }) => rest)
  }
  const fill = (next: Record<string, string>) => {
    setTexts(next)
    setJson(requestText(buildInputs(fields, next).inputs))
    setProblems({})
    setJsonProblem(null)
  }
  const switchTo = (next: 'form' | 'json') => {
    if (next === 'json') setJson(requestText(buildInputs(fields, texts).inputs))
    else if ('inputs' in parsed) setTexts((old) => ({ ...old, ...textsOf(fields, parsed.inputs) }))
    setJsonProblem(null)
    setMode(next)
  }
  const refuse = (found: Record<string, string>) => {
    setProblems(found)
    const first = fields.find((field) => field.name in found)
    if (first) focus(first.name)
  }
  const send = (event?: { preventDefault: () => void }) => {
    event?.preventDefault()
    if (infer.isPending) return
    if (mode === 'json' && 'problem' in parsed) return setJsonProblem(parsed.problem)
    const built = buildInputs(fields, texts)
    if (mode === 'form' && Object.keys(built.problems).length > 0) return refuse(built.problems)
    infer.mutate(
      { deployment: deployment.id, inputs: [...inputs] },
      {
        onError: (error) => {
          const read = readError(error)
          const named = inputNamed(
            fields,
            read.message,
            read.details.map((detail) => detail.path),
          )
          if (named && mode === 'form') refuse({ [named]: read.message })
        },
        onSettled: () => void utils.home.invalidate(),
      },
    )
  }
  const writeJson = (text: string) => {
    setJson(text)
    setJsonProblem(null)
  }
  return {
    fields,
    texts,
    change,
    mode,
    switchTo,
    json,
    writeJson,
    jsonProblem,
    problems,
    inputs,
    send,
    infer,
    fillExample: () => fill(examples(fields)),
    clear: () => fill(Object.fromEntries(fields.map((field) => [field.name, '']))),
  }
}

export type PlaygroundState = ReturnType<typeof usePlayground>
