'use client'
import Accordion from '@mui/material/Accordion'
import AccordionDetails from '@mui/material/AccordionDetails'
import AccordionSummary from '@mui/material/AccordionSummary'
import ExpandIcon from '@mui/icons-material/ExpandMore'
import Box from '@mui/material/Box'
import { useEffect, useState } from 'react'
import { Field, SelectField } from '#src/ui/kit/Field.tsx'
import { type HyperField, helpOf, initialText } from '#src/ui/training/formSchema.ts'
import { hyperKey } from '#src/ui/training/jobDraft.ts'

type Props = {
  fields: readonly HyperField[]
  texts: Record<string, string>
  problems: Record<string, string>
  onChange: (name: string, value: string) => void
}

const yesNo = [
  { value: 'true', label: 'Yes' },
  { value: 'false', label: 'No' },
]
export const fieldGrid = { display: 'grid', columnGap: 4, rowGap: 4, gridTemplateColumns: { sm: 'repeat(2, minmax(0, 1fr))' } } as const

function One({ field, texts, problems, onChange }: Omit<Props, 'fields'> & { field: HyperField }) {
  const common = {
    label: field.title,
    name: hyperKey(field.name),
    value: texts[field.name] ?? initialText(field),
    help: helpOf(field),
    error: problems[hyperKey(field.name)],
    onChange: (value: string) => onChange(field.name, value),
  }
  if (field.kind === 'boolean') return <SelectField {...common} options={yesNo} />
  if (field.kind === 'choice')
    return <SelectField {...common} options={field.choices.map((choice) => ({ value: choice, label: choice }))} />
  return <Field {...common} autoComplete="off" isOptional={field.isNullable} />
}

/** The recipe's settings, the common ones in sight and the rest folded. A wrong one among the rest unfolds them. */
export function HyperFields({ fields, ...rest }: Props) {
  const [isOpen, setOpen] = useState(false)
  const advanced = fields.filter((field) => field.isAdvanced)
  const isWrongInside = advanced.some((field) => hyperKey(field.name) in rest.problems)
  useEffect(() => {
    if (isWrongInside) setOpen(true)
  }, [isWrongInside])
  return (
    <Box sx={{ display: 'grid', gap: 4 }}>
      <Box sx={fieldGrid}>
        {fields
          .filter((field) => !field.isAdvanced)
          .map((field) => (
            <One key={field.name} field={field} {...rest} />
          ))}
      </Box>
      {advanced.length > 0 && (
        <Accordion
          expanded={isOpen}
          onChange={(_, isNow) => setOpen(isNow)}
          disableGutters
          variant="outlined"
          sx={{ borderRadius: '8px', borderColor: 'divider', '&::before': { display: 'none' } }}
        >
          <AccordionSummary expandIcon={<ExpandIcon sx={{ fontSize: 20 }} />} sx={{ px: 4 }}>
            Advanced: {advanced.length} more settings
          </AccordionSummary>
          <AccordionDetails sx={{ ...fieldGrid, px: 4, pt: 2, pb: 5 }}>
            {advanced.map((field) => (
              <One key={field.name} field={field} {...rest} />
            ))}
          </AccordionDetails>
        </Accordion>
      )}
    </Box>
  )
}
