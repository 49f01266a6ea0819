'use client'
import Box from '@mui/material/Box'
import Tab from '@mui/material/Tab'
import Tabs from '@mui/material/Tabs'
import { useState } from 'react'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'

export type Snippet = { label: string; code: string }
export type CodeSnippetProps = {
  snippets: Snippet[]
  /** Read by screen readers: what this code is for. */
  label?: string
  /** Buttons beside copy, such as 'Put in a key'. */
  actions?: React.ReactNode
  maxHeight?: number
}

/** Code to run elsewhere, one tab a language, with copy. */
export function CodeSnippet({ snippets, label = 'Code', actions, maxHeight = 360 }: CodeSnippetProps) {
  const [chosen, setChosen] = useState(0)
  const current = snippets[Math.min(chosen, snippets.length - 1)]
  if (!current) return null
  return (
    <Box sx={{ border: 1, borderColor: 'divider', borderRadius: '8px', overflow: 'hidden', bgcolor: 'raised', minWidth: 0 }}>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 2, pl: 3, pr: 1, minHeight: 40, borderBottom: 1, borderColor: 'divider', flexWrap: 'wrap' }}>
        {snippets.length > 1 ? (
          <Tabs value={Math.min(chosen, snippets.length - 1)} onChange={(_, value: number) => setChosen(value)} aria-label={label} sx={{ border: 0, flex: 1, minHeight: 40 }}>
            {snippets.map((snippet) => (
              <Tab key={snippet.label} label={snippet.label} sx={{ minHeight: 40 }} />
            ))}
          </Tabs>
        ) : (
          <Box sx={{ flex: 1, typography: 'label', color: 'text.secondary' }}>{current.label}</Box>
        )}
        {actions}
        <CopyButton text={current.code} what="code" />
      </Box>
      <Box
        component="pre"
        tabIndex={0}
        role="region"
        aria-label={`${label}: ${current.label}`}
        sx={{ m: 0, p: 3, overflow: 'auto', maxHeight, typography: 'mono', fontSize: '0.78rem', whiteSpace: 'pre', '&:focus-visible': { outlineOffset: -2 } }}
      >
        {current.code}
      </Box>
    </Box>
  )
}
