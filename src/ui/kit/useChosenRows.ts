'use client'
import { useState } from 'react'

/** Which of these rows are chosen; a row that is no longer shown is not. */
export function useChosenRows(shownKeys: string[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const keys = shownKeys.filter((key) => chosen.has(key))
  const areAll = shownKeys.length > 0 && keys.length === shownKeys.length
  const toggle = (key: string) =>
    setChosen((old) => {
      const next = new Set(old)
      if (!next.delete(key)) next.add(key)
      return next
    })
  return {
    keys,
    areAll,
    has: (key: string) => chosen.has(key),
    toggle,
    toggleAll: () => setChosen(new Set(areAll ? [] : shownKeys)),
    clear: () => setChosen(new Set()),
  }
}
export type ChosenRows = ReturnType<typeof useChosenRows>
