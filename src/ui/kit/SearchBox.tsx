'use client'
import SearchIcon from '@mui/icons-material/Search'
import InputAdornment from '@mui/material/InputAdornment'
import OutlinedInput from '@mui/material/OutlinedInput'
import { useEffect, useRef, useState } from 'react'
import { useEarlyInput } from '#src/ui/kit/useEarlyInput.ts'
import { useKeys } from '#src/ui/kit/useKeys.ts'

export type SearchBoxProps = { value: string; onChange: (value: string) => void; label: string; placeholder?: string; waitMs?: number }

/** A search field that `/` focuses and Escape clears; it tells its value a moment after the last key. */
export function SearchBox({ value, onChange, label, placeholder = 'Search', waitMs = 200 }: SearchBoxProps) {
  const [typed, setTyped] = useState(value)
  const input = useRef<HTMLInputElement>(null)
  const told = useRef(value)
  const tell = useRef(onChange)
  tell.current = onChange
  useEarlyInput(input, (early) => setTyped(early.value))
  useKeys({ '/': () => input.current?.focus() })
  useEffect(() => {
    if (value !== told.current) setTyped(value)
    told.current = value
  }, [value])
  useEffect(() => {
    if (typed === told.current) return
    const timer = setTimeout(() => {
      told.current = typed
      tell.current(typed)
    }, waitMs)
    return () => clearTimeout(timer)
  }, [typed, waitMs])
  return (
    <OutlinedInput
      inputRef={input}
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      placeholder={`${placeholder}  /`}
      type="search"
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          setTyped('')
          input.current?.blur()
        }
      }}
      startAdornment={
        <InputAdornment position="start">
          <SearchIcon sx={{ fontSize: 18 }} />
        </InputAdornment>
      }
      slotProps={{ input: { 'aria-label': label } }}
      sx={{ width: { xs: '100%', sm: 260 } }}
    />
  )
}
