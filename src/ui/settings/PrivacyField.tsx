'use client'
import { SelectField } from '#src/ui/kit/Field.tsx'

const options = [
  { value: 'open', label: 'Everybody here, by their role' },
  { value: 'private', label: 'Its members and the admins of the installation' },
]

/** Who sees a project. */
export function PrivacyField({ value, onChange, error }: { value: string; onChange: (value: string) => void; error?: string }) {
  return <SelectField label="Who sees it" name="privacy" value={value} onChange={onChange} options={options} error={error} />
}
