'use client'
import Box from '@mui/material/Box'
import FormHelperText from '@mui/material/FormHelperText'
import MenuItem from '@mui/material/MenuItem'
import OutlinedInput from '@mui/material/OutlinedInput'
import type { SelectProps } from '@mui/material/Select'
import dynamic from 'next/dynamic'
import { type ComponentType, useContext, useId, useRef } from 'react'
import { TouchContext } from '#src/ui/kit/TouchContext.ts'
import { useEarlyInput } from '#src/ui/kit/useEarlyInput.ts'

type FrameProps = {
  label: React.ReactNode
  id: string
  help?: React.ReactNode
  error?: string
  isOptional?: boolean
  children: React.ReactNode
}

/** A label above, the control, and under it the error or the help. */
export function FieldFrame({ label, id, help, error, isOptional = false, children }: FrameProps) {
  return (
    <Box sx={{ display: 'grid', gap: 1, minWidth: 0, alignContent: 'start' }}>
      <Box component="label" id={`${id}-label`} htmlFor={id} sx={{ typography: 'label', fontSize: '0.8125rem' }}>
        {label}{' '}
        {isOptional && (
          <Box component="span" sx={{ color: 'text.secondary', fontWeight: 400 }}>
            optional
          </Box>
        )}
      </Box>
      {children}
      {(error || help) && (
        <FormHelperText id={`${id}-help`} error={!!error}>
          {error ?? help}
        </FormHelperText>
      )}
    </Box>
  )
}

export type FieldProps = {
  label: React.ReactNode
  /** The key of the value; errors focus the control of this name. */
  name: string
  value: string
  onChange: (value: string) => void
  help?: React.ReactNode
  error?: string
  isOptional?: boolean
  isDisabled?: boolean
  isMono?: boolean
  /** Rows of a text area. */
  rows?: number
  type?: 'text' | 'password' | 'email' | 'number' | 'search' | 'url'
  autoComplete?: string
  autoFocus?: boolean
  placeholder?: string
  min?: number
  max?: number
  step?: number | 'any'
  end?: React.ReactNode
}

/** A line or an area of text. */
export function Field(props: FieldProps) {
  const id = useId()
  const input = useRef<HTMLInputElement | HTMLTextAreaElement>(null)
  const {
    label,
    name,
    value,
    onChange,
    help,
    error,
    isOptional,
    isDisabled,
    isMono,
    rows,
    type = 'text',
    autoComplete,
    autoFocus,
    placeholder,
    min,
    max,
    step,
    end,
  } = props
  useEarlyInput(input, (early) => early.value !== value && onChange(early.value))
  return (
    <FieldFrame label={label} id={id} help={help} error={error} isOptional={isOptional}>
      <OutlinedInput
        id={id}
        inputRef={input}
        name={name}
        value={value}
        type={type}
        error={!!error}
        disabled={isDisabled}
        placeholder={placeholder}
        autoComplete={autoComplete}
        autoFocus={autoFocus}
        multiline={rows !== undefined}
        minRows={rows}
        fullWidth
        endAdornment={end}
        onChange={(event) => onChange(event.target.value)}
        slotProps={{
          input: {
            'aria-describedby': error || help ? `${id}-help` : undefined,
            min,
            max,
            step,
            style: isMono ? { fontFamily: '"JetBrains Mono Variable", monospace', fontSize: '0.8125rem' } : undefined,
          },
        }}
      />
    </FieldFrame>
  )
}

/** Its list floats, and comes with all that floating needs: pages without one go without. */
const Select = dynamic(() => import('@mui/material/Select')) as ComponentType<SelectProps<string>>

export type SelectFieldProps = {
  label: React.ReactNode
  name: string
  value: string
  onChange: (value: string) => void
  options: { value: string; label: React.ReactNode; isDisabled?: boolean }[]
  help?: React.ReactNode
  error?: string
  isOptional?: boolean
  isDisabled?: boolean
}

/** One of a few. */
export function SelectField({ label, name, value, onChange, options, help, error, isOptional, isDisabled }: SelectFieldProps) {
  const id = useId()
  const touch = useContext(TouchContext)
  return (
    <FieldFrame label={label} id={id} help={help} error={error} isOptional={isOptional}>
      <Select
        id={id}
        labelId={`${id}-label`}
        name={name}
        value={value}
        size="small"
        fullWidth
        displayEmpty
        error={!!error}
        disabled={isDisabled}
        onChange={(event) => {
          touch()
          onChange(String(event.target.value))
        }}
        // Its list floats outside the page's landmarks, as menus do.
        MenuProps={{ slotProps: { root: { role: 'region', 'aria-labelledby': `${id}-label` } } }}
        SelectDisplayProps={{ 'aria-describedby': error || help ? `${id}-help` : undefined }}
      >
        {options.map((option) => (
          <MenuItem key={option.value} value={option.value} disabled={option.isDisabled}>
            {option.label}
          </MenuItem>
        ))}
      </Select>
    </FieldFrame>
  )
}
