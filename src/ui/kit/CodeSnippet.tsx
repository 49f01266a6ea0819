'use client'
import Box from '@mui/material/Box'
import { useId, useState } from 'react'
import { CopyButton } from '#src/ui/kit/CopyButton.tsx'
import { TabList } from '#src/ui/kit/TabList.tsx'

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
  const id = useId()
  const [chosen, setChosen] = useState('0')
  const current = snippets[Number(chosen)] ?? snippets[0]
  if (!current) return null
  return (
    <Box sx={{ border: 1, borderColor: 'divider', borderRadius: '8px', overflow: 'hidden', bgcolor: 'raised', minWidth: 0 }}>
      <Box
        sx={{
          display: 'flex',
          alignItems: 'center',
          gap: 2,
          pl: 3,
          pr: 1,
          minHeight: 40,
          borderBottom: 1,
          borderColor: 'divider',
          flexWrap: 'wrap',
        }}
      >
        {snippets.length > 1 ? (
          <Box sx={{ flex: 1, minWidth: 0 }}>
            <TabList
              tabs={snippets.map((snippet, index) => ({ key: String(index), label: snippet.label }))}
              value={chosen}
              onChange={setChosen}
              label={label}
              id={id}
              hasLine={false}
            />
          </Box>
        ) : (
          <Box sx={{ flex: 1, typography: 'label', color: 'text.secondary' }}>{current.label}</Box>
        )}
        {actions}
        <CopyButton text={current.code} what="code" />
      </Box>
      <Box
        component="pre"
        tabIndex={0}
        id={`${id}-panel`}
        role={snippets.length > 1 ? 'tabpanel' : 'region'}
        aria-label={`${label}: ${current.label}`}
        sx={{
          m: 0,
          p: 3,
          overflow: 'auto',
          maxHeight,
          typography: 'mono',
          fontSize: '0.78rem',
          whiteSpace: 'pre',
          '&:focus-visible': { outlineOffset: -2 },
        }}
      >
        {current.code}
      </Box>
    </Box>
  )
}
