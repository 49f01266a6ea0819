'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { Signature, TensorSpec } from '#src/contracts/signature.ts'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'

type Row = TensorSpec & { direction: 'input' | 'output' }

/** An FP32 value printed as a double shows digits that it never had. */
const plain = (value: number) => String(Number(value.toPrecision(6)))

function known({ labels, hint }: TensorSpec): string {
  const some = (names: string[]) => names.slice(0, 6).join(', ') + (names.length > 6 ? ` and ${names.length - 6} more` : '')
  if (labels?.length) return some(labels)
  if (hint?.categories?.length) return some(hint.categories)
  if (hint?.min !== undefined && hint.max !== undefined) return `${plain(hint.min)} to ${plain(hint.max)}`
  return '–'
}

function exampleOf({ hint }: TensorSpec): string {
  const example = hint?.example
  if (example == null) return '–'
  return typeof example === 'number' ? plain(example) : example
}

const columns: Column<Row>[] = [
  {
    key: 'name',
    header: 'Name',
    cell: (row) => (
      <Box component="span" sx={{ typography: 'mono', overflowWrap: 'anywhere' }}>
        {row.name}
      </Box>
    ),
  },
  { key: 'direction', header: 'Part', cell: (row) => (row.direction === 'input' ? 'Input' : 'Output') },
  {
    key: 'datatype',
    header: 'Type',
    cell: (row) => (
      <Box component="span" sx={{ typography: 'mono' }}>
        {row.datatype}
      </Box>
    ),
  },
  {
    key: 'shape',
    header: 'Shape',
    cell: (row) => (
      <Box component="span" sx={{ typography: 'mono' }}>
        [{row.shape.join(', ')}]
      </Box>
    ),
  },
  { key: 'values', header: 'Values seen in training', cell: known },
  { key: 'example', header: 'Example', cell: (row) => exampleOf(row) },
]

const shownAtFirst = 12

/** Inputs, then outputs; many inputs are folded. */
export function SignatureTable({ signature }: { signature: Signature }) {
  const rows: Row[] = [
    ...signature.inputs.map((spec) => ({ ...spec, direction: 'input' as const })),
    ...signature.outputs.map((spec) => ({ ...spec, direction: 'output' as const })),
  ]
  const [isWhole, setWhole] = useState(rows.length <= shownAtFirst + 3)
  const footer = !isWhole && (
    <Button variant="outlined" sx={{ mt: 2 }} onClick={() => setWhole(true)}>
      Show all {rows.length}
    </Button>
  )
  return (
    <DataTable
      id="signature"
      label="Signature"
      columns={columns}
      rows={isWhole ? rows : [...rows.slice(0, shownAtFirst), ...rows.filter((row) => row.direction === 'output')]}
      footer={footer}
      rowKey={(row) => `${row.direction}:${row.name}`}
      hasColumnPicker={false}
      hasOwnSort
      maxHeight="none"
    />
  )
}
