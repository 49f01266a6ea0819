'use client'
import CheckIcon from '@mui/icons-material/Check'
import CopyIcon from '@mui/icons-material/ContentCopyOutlined'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import { useEffect, useState } from 'react'
import { Hint } from '#src/ui/kit/Hint.tsx'

/** Pages served over plain HTTP from another machine have no clipboard API: a hidden field does it there. */
async function copyText(text: string) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text)
  const field = document.createElement('textarea')
  field.value = text
  field.style.position = 'fixed'
  field.style.opacity = '0'
  document.body.append(field)
  field.select()
  document.execCommand('copy')
  field.remove()
}

export type CopyButtonProps = {
  text: string
  /** What is copied, for the label: `Copy id`. */
  what?: string
  /** A button with words instead of an icon. */
  isWide?: boolean
}

/** Copies a text and says so for two seconds. */
export function CopyButton({ text, what = 'text', isWide = false }: CopyButtonProps) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = () => void copyText(text).then(() => setCopied(true))
  const label = isCopied ? 'Copied' : `Copy ${what}`
  const icon = isCopied ? <CheckIcon sx={{ fontSize: 15 }} /> : <CopyIcon sx={{ fontSize: 15 }} />
  if (isWide)
    return (
      <Button variant="outlined" startIcon={icon} onClick={copy}>
        {label}
      </Button>
    )
  return (
    <Hint text={label}>
      <IconButton aria-label={label} onClick={copy} sx={{ p: 1 }}>
        {icon}
      </IconButton>
    </Hint>
  )
}
