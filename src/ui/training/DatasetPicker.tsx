'use client'
import Autocomplete from '@mui/material/Autocomplete'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import TextField from '@mui/material/TextField'
import { useId, useState } from 'react'
import { PreviewTable } from '#src/ui/datasets/PreviewTable.tsx'
import { typesText } from '#src/ui/datasets/datasetFacts.ts'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { FieldFrame } from '#src/ui/kit/Field.tsx'
import { formatBytes, formatNumber, plural } from '#src/ui/kit/format.ts'
import type { JobForm } from '#src/ui/training/useJobForm.ts'

const previewRows = 6

/** Which data to train on, with a look at its first rows. */
export function DatasetPicker({ form }: { form: JobForm }) {
  const id = useId()
  const [isOpen, setOpen] = useState(false)
  const { dataset, detail, problems, pickDataset } = form
  const names = [
    ...new Set([
      ...(dataset.name ? [dataset.name] : []),
      ...(dataset.list.data?.items ?? []).filter((one) => one.status === 'ready').map((one) => one.name),
    ]),
  ]
  const rowsOf = new Map(dataset.list.data?.items.map((one) => [one.name, one.rows]))
  const facts =
    detail && detail.name === dataset.name
      ? `Version ${detail.version}: ${formatNumber(detail.rows)} rows, ${plural(detail.columns.length, 'column')} (${typesText(detail.columns)}), ${formatBytes(detail.sizeBytes)}.`
      : ' '
  return (
    <Box sx={{ display: 'grid', gap: 2 }}>
      <FieldFrame label="Data set" id={id} help={facts} error={problems.dataset}>
        <Autocomplete
          id={id}
          options={names}
          value={dataset.name || undefined}
          disableClearable
          onChange={(_, name) => pickDataset(name)}
          size="small"
          renderOption={({ key, ...props }, name) => (
            <li key={key} {...props}>
              <Box sx={{ flex: 1 }}>{name}</Box>
              <Box sx={{ color: 'text.secondary', typography: 'body2', pl: 4 }}>
                {rowsOf.get(name) == null ? '' : `${formatNumber(rowsOf.get(name))} rows`}
              </Box>
            </li>
          )}
          renderInput={(params) => (
            <TextField
              {...params}
              hiddenLabel
              error={!!problems.dataset}
              placeholder="Choose a data set"
              slotProps={{ ...params.slotProps, htmlInput: { ...params.slotProps.htmlInput, name: 'dataset' } }}
            />
          )}
        />
      </FieldFrame>
      <ErrorNotice title="The data set could not be read" error={dataset.detail.error} />
      {detail && (
        <Box>
          <Button onClick={() => setOpen(!isOpen)} aria-expanded={isOpen} sx={{ ml: -2 }}>
            {isOpen ? 'Hide the first rows' : 'Show the first rows'}
          </Button>
          {isOpen && (
            <Box sx={{ mt: 2 }}>
              <PreviewTable
                columns={detail.columns}
                rows={detail.preview.slice(0, previewRows)}
                maxHeight={300}
                label={`First rows of ${detail.name}`}
              />
            </Box>
          )}
        </Box>
      )}
    </Box>
  )
}
