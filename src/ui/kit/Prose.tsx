// biome-ignore-all lint/suspicious/noArrayIndexKey: parts of a text have no other identity, and are never reordered
import Box from '@mui/material/Box'
import type { SxProps } from '@mui/material/styles'
import { Fragment } from 'react'
import { type Block, parseBlocks, parseInline } from '#src/ui/kit/markdown.ts'

function Inline({ text }: { text: string }) {
  return parseInline(text).map((part, index) => {
    if (part.kind === 'code') return <code key={index}>{part.text}</code>
    if (part.kind === 'strong') return <strong key={index}>{part.text}</strong>
    if (part.kind === 'em') return <em key={index}>{part.text}</em>
    if (part.kind === 'link')
      return (
        <Box component="a" key={index} href={part.href} target="_blank" rel="noreferrer noopener" sx={{ color: 'primary.main' }}>
          {part.text}
        </Box>
      )
    return <Fragment key={index}>{part.text}</Fragment>
  })
}

function BlockView({ block }: { block: Block }) {
  if (block.kind === 'heading')
    return (
      <Box component="h3" sx={{ typography: 'h3', m: 0, mt: 1 }}>
        <Inline text={block.text} />
      </Box>
    )
  if (block.kind === 'code')
    return (
      <Box component="pre" tabIndex={0} sx={{ m: 0, p: 3, bgcolor: 'raised', borderRadius: '8px', overflow: 'auto', typography: 'mono' }}>
        {block.text}
      </Box>
    )
  if (block.kind === 'list') {
    return (
      <Box component={block.isOrdered ? 'ol' : 'ul'} sx={{ m: 0, pl: 5 }}>
        {block.items.map((item, index) => (
          <li key={index}>
            <Inline text={item} />
          </li>
        ))}
      </Box>
    )
  }
  return (
    <Box component="p" sx={{ m: 0 }}>
      <Inline text={block.text} />
    </Box>
  )
}

/** Text that people wrote, with the plain parts of Markdown. No HTML passes: all of it is built from text. */
export function Prose({ text, maxLines }: { text: string; maxLines?: number }) {
  const clamp: SxProps = maxLines
    ? { display: '-webkit-box', WebkitLineClamp: maxLines, WebkitBoxOrient: 'vertical', overflow: 'hidden' }
    : { display: 'grid', gap: 2 }
  return (
    <Box sx={{ ...clamp, overflowWrap: 'anywhere', maxWidth: '80ch', lineHeight: '22px' } as SxProps}>
      {parseBlocks(text).map((block, index) => (
        <BlockView key={index} block={block} />
      ))}
    </Box>
  )
}
