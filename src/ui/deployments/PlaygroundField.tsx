'use client'
import Autocomplete from '@mui/material/Autocomplete'
import TextField from '@mui/material/TextField'
import { useId } from 'react'
import type { InputField } from '#src/ui/deployments/playgroundInputs.ts'
import { inputName } from '#src/ui/deployments/usePlayground.ts'
import { Field, FieldFrame, SelectField } from '#src/ui/kit/Field.tsx'

type Props = { field: InputField; text: string; problem?: string; onChange: (text: string) => void }

const yesNo = [
  { value: 'true', label: 'true' },
  { value: 'false', label: 'false' },
]

function Category({ field, text, problem, onChange }: Props) {
  const id = useId()
  return (
    <FieldFrame
      label={field.name}
      id={id}
      error={problem}
      help={
        text === '' ? 'Empty: taken as missing' : field.categories.includes(text) ? undefined : 'Not seen in training: taken as missing'
      }
    >
      <Autocomplete
        id={id}
        freeSolo
        options={[...field.categories]}
        inputValue={text}
        onInputChange={(_, value) => onChange(value)}
        size="small"
        openOnFocus
        filterOptions={(options, state) =>
          field.categories.includes(state.inputValue)
            ? options
            : options.filter((option) => option.toLowerCase().includes(state.inputValue.toLowerCase()))
        }
        renderInput={(params) => (
          <TextField
            {...params}
            hiddenLabel
            error={!!problem}
            placeholder="missing"
            slotProps={{
              ...params.slotProps,
              htmlInput: { ...params.slotProps.htmlInput, name: inputName(field.name), 'aria-describedby': `${id}-help` },
            }}
          />
        )}
      />
    </FieldFrame>
  )
}

/** One input of the model, asked for in its own way. */
export function PlaygroundField(props: Props) {
  const { field, text, problem, onChange } = props
  const common = {
    label: field.name,
    name: inputName(field.name),
    value: text,
    onChange,
    error: problem,
    help: text === '' && field.canMiss ? 'Empty: taken as missing' : field.help || undefined,
  }
  if (field.kind === 'category') return <Category {...props} />
  if (field.kind === 'boolean') return <SelectField {...common} options={yesNo} />
  if (field.kind === 'text') return <Field {...common} rows={5} />
  if (field.kind === 'tensor') return <Field {...common} rows={3} isMono />
  return <Field {...common} autoComplete="off" placeholder={field.canMiss ? 'missing' : undefined} />
}
