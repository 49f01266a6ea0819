'use client'
import { useCallback, useState } from 'react'
import type { ZodType } from 'zod'
import { fieldErrorsOf } from '#src/ui/kit/errors.ts'
import { issueText, sentence } from '#src/ui/kit/issueText.ts'

/** Focuses the first control with an error, in the order of the page. */
function focusFirst(names: string[]) {
  const controls = [...document.querySelectorAll<HTMLElement>('input[name], textarea[name], select[name]')]
  const control = controls.find((each) => names.includes(each.getAttribute('name') ?? ''))
  const target =
    control?.getAttribute('aria-hidden') === 'true' ? control.parentElement?.querySelector<HTMLElement>('[role="combobox"]') : control
  target?.focus()
}

export type FormOptions<Values> = {
  initial: Values
  /** The contract that the server holds too, fetched when it is first needed. */
  schema?: () => Promise<ZodType>
  /** What is sent, made of what was typed; the schema judges this. */
  toInput?: (values: Values) => unknown
}

/**
 * Values and errors of a form. `submit(send)` checks, sends, and shows each refusal beside its field, the first one focused.
 * An error's path matches a field by its whole or by its first part.
 */
export function useForm<Values extends Record<string, unknown>>({ initial, schema, toInput }: FormOptions<Values>) {
  const [values, setValues] = useState(initial)
  const [errors, setErrors] = useState<Record<string, string>>({})
  const [error, setError] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)

  const set = useCallback(<Key extends keyof Values>(key: Key, value: Values[Key]) => {
    setValues((old) => ({ ...old, [key]: value }))
    setErrors((old) => (key in old ? Object.fromEntries(Object.entries(old).filter(([each]) => each !== key)) : old))
  }, [])

  /** What the control of a value is given: `<Field label="Name" {...field('name')} />`. */
  const field = <Key extends keyof Values & string>(key: Key) => ({
    name: key,
    value: values[key],
    onChange: (value: string) => set(key, value as Values[Key]),
    error: errors[key],
  })

  const refuse = (found: Record<string, string>) => {
    const byField = Object.fromEntries(
      Object.entries(found).map(([path, message]) => [path in initial ? path : (path.split('.')[0] ?? path), sentence(message)]),
    )
    setErrors(byField)
    setTimeout(() => focusFirst(Object.keys(byField)))
  }

  const submit = (send: (values: Values) => Promise<unknown>) => async (event?: { preventDefault: () => void }) => {
    event?.preventDefault()
    if (isBusy) return
    setError(null)
    setErrors({})
    setBusy(true)
    try {
      const result = schema ? (await schema()).safeParse(toInput ? toInput(values) : values, { error: issueText }) : null
      if (result && !result.success)
        return refuse(Object.fromEntries(result.error.issues.reverse().map((issue) => [issue.path.join('.'), issue.message])))
      await send(values)
    } catch (thrown) {
      const found = fieldErrorsOf(thrown)
      if (Object.keys(found).some((path) => path in initial || (path.split('.')[0] ?? '') in initial)) refuse(found)
      else setError(thrown)
    } finally {
      setBusy(false)
    }
  }
  return { values, set, field, setValues, errors, setErrors, error, isBusy, submit }
}
