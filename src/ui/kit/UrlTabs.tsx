'use client'
import Box from '@mui/material/Box'
import Tab from '@mui/material/Tab'
import Tabs from '@mui/material/Tabs'
import { useUrlState } from '#src/ui/kit/useUrlState.ts'

export type UrlTab = { key: string; label: string; content: React.ReactNode }

/** Tabs whose choice lives in the address (`?tab=`); only the chosen one is mounted. */
export function UrlTabs({ tabs, label, param = 'tab' }: { tabs: UrlTab[]; label: string; param?: string }) {
  const first = tabs[0]?.key ?? ''
  const [value, set] = useUrlState(param, first)
  const current = tabs.find((tab) => tab.key === value) ?? tabs[0]
  return (
    <Box sx={{ minWidth: 0 }}>
      <Tabs value={current?.key ?? false} onChange={(_, next: string) => set(next)} aria-label={label} variant="scrollable" scrollButtons={false}>
        {tabs.map((tab) => <Tab key={tab.key} value={tab.key} label={tab.label} id={`${param}-${tab.key}`} aria-controls={current?.key === tab.key ? `${param}-panel` : undefined} />)}
      </Tabs>
      <Box role="tabpanel" id={`${param}-panel`} aria-labelledby={`${param}-${current?.key}`} sx={{ pt: 5 }}>{current?.content}</Box>
    </Box>
  )
}
