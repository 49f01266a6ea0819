'use client'
import Box from '@mui/material/Box'
import { TabList } from '#src/ui/kit/TabList.tsx'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'

export type UrlTab = { key: string; label: string; content: React.ReactNode }

/** Tabs whose choice lives in the address (`?tab=`); only the chosen one is mounted. */
export function UrlTabs({ tabs, label, param = 'tab' }: { tabs: UrlTab[]; label: string; param?: string }) {
  const [value, set] = useUrlState(param, tabs[0]?.key ?? '')
  const current = tabs.find((tab) => tab.key === value) ?? tabs[0]
  if (!current) return null
  return (
    <Box sx={{ minWidth: 0 }}>
      <TabList tabs={tabs} value={current.key} onChange={set} label={label} id={param} />
      <Box role="tabpanel" id={`${param}-panel`} aria-labelledby={`${param}-${current.key}`} sx={{ pt: 5 }}>
        {current.content}
      </Box>
    </Box>
  )
}
