'use client'
import { usePathname, useSearchParams } from 'next/navigation'
import { useMemo } from 'react'
import { type AuditParams, auditInput, type FilterKey, filterKeys } from '#src/ui/audit/auditInput.ts'
import { writeUrl } from '#src/ui/kit/useUrlState.ts'

/** The filters in the address, the query that they make, and a way to change some of them at once. */
export function useAuditFilter() {
  const search = useSearchParams().toString()
  const pathname = usePathname()
  const params = useMemo(() => {
    const all = new URLSearchParams(search)
    return Object.fromEntries(filterKeys.flatMap((key) => (all.get(key) ? [[key, all.get(key)]] : []))) as AuditParams
  }, [search])
  const input = useMemo(() => auditInput(params), [params])
  const set = (changes: Partial<Record<FilterKey, string | null>>) => writeUrl(pathname, changes as Record<string, string | null>)
  const clear = () => set(Object.fromEntries(filterKeys.map((key) => [key, null])))
  return { params, input, set, clear, isFiltered: Object.keys(params).length > 0 }
}
