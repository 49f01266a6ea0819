'use client'
import UploadIcon from '@mui/icons-material/UploadFileOutlined'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import FormHelperText from '@mui/material/FormHelperText'
import { useId, useRef, useState } from 'react'
import { useEarlyInput } from '#src/ui/kit/useEarlyInput.ts'
import { visuallyHidden } from '#src/ui/kit/visuallyHidden.ts'
import { UploadLine } from '#src/ui/uploads/UploadLine.tsx'
import { useUploads } from '#src/ui/uploads/UploadProvider.tsx'
import type { PickedFile } from '#src/ui/uploads/tusUploads.ts'
import { panel } from '#src/ui/kit/panel.ts'

export type UploadFieldProps = {
  label: string
  /** As an input takes it: `.csv,.parquet`. */
  accept?: string
  isMultiple?: boolean
  /** Keys of uploads. */
  value: string[]
  onChange: (keys: string[]) => void
  help?: string
  error?: string
  name?: string
  /** Told of what was picked, to fill in a name. */
  onPicked?: (files: File[]) => void
}

type HandleItem = DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }

/** Files of a drop, with handles where the browser gives them; these let an upload go on after a reload. */
async function readDrop(transfer: DataTransfer): Promise<PickedFile[]> {
  const waiting = [...transfer.items]
    .filter((item) => item.kind === 'file')
    .map(async (item: HandleItem) => {
      const file = item.getAsFile()
      const handle = await item.getAsFileSystemHandle?.().catch(() => null)
      return file && handle?.kind !== 'directory' ? { file, handle: handle as FileSystemFileHandle | null } : null
    })
  return (await Promise.all(waiting)).filter((picked) => picked !== null)
}

/** A drop zone and a button; uploads begin at once and go on in the tray. */
export function UploadField({
  label,
  accept,
  isMultiple = false,
  value,
  onChange,
  help,
  error,
  name = 'files',
  onPicked,
}: UploadFieldProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  const { items, start } = useUploads()
  const chosen = value.map((key) => items.find((item) => item.key === key)).filter((item) => item !== undefined)

  const take = (picked: PickedFile[]) => {
    const some = isMultiple ? picked : picked.slice(0, 1)
    if (some.length === 0) return
    onPicked?.(some.map(({ file }) => file))
    onChange([...new Set([...(isMultiple ? value : []), ...some.map(start)])])
  }
  const takeFrom = (from: HTMLInputElement) => {
    take([...(from.files ?? [])].map((file) => ({ file })))
    from.value = ''
  }
  useEarlyInput(input, takeFrom)
  const onDrop = (event: React.DragEvent) => {
    event.preventDefault()
    setOver(false)
    void readDrop(event.dataTransfer).then(take)
  }
  return (
    <Box role="group" aria-labelledby={`${id}-label`} sx={{ display: 'grid', gap: 2, minWidth: 0 }}>
      <Box id={`${id}-label`} sx={{ typography: 'label', fontSize: '0.8125rem' }}>
        {label}
      </Box>
      <Box
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={onDrop}
        sx={{
          display: 'flex',
          alignItems: 'center',
          gap: 3,
          flexWrap: 'wrap',
          px: 4,
          py: chosen.length ? 3 : 6,
          border: 1,
          borderStyle: 'dashed',
          borderRadius: '8px',
          justifyContent: 'center',
          borderColor: error ? 'state.failed' : isOver ? 'primary.main' : 'divider',
          bgcolor: isOver ? 'action.selected' : 'background.paper',
          '&:focus-within': { borderColor: 'primary.main' },
        }}
      >
        <UploadIcon sx={{ color: 'text.secondary', fontSize: 22 }} />
        <Box component="span" sx={{ color: 'text.secondary' }}>
          Drop {isMultiple ? 'files' : 'a file'} here or
        </Box>
        <Button variant="outlined" onClick={() => input.current?.click()}>
          Choose {isMultiple ? 'files' : 'a file'}
        </Button>
        <Box
          component="input"
          ref={input}
          type="file"
          name={name}
          accept={accept}
          multiple={isMultiple}
          tabIndex={-1}
          aria-label={label}
          aria-describedby={`${id}-help`}
          sx={visuallyHidden}
          onChange={(event: React.ChangeEvent<HTMLInputElement>) => takeFrom(event.target)}
        />
      </Box>
      <FormHelperText id={`${id}-help`} error={!!error}>
        {error ?? help ?? ' '}
      </FormHelperText>
      {chosen.length > 0 && (
        <Box
          component="ul"
          aria-label={`Chosen for ${label}`}
          sx={{
            listStyle: 'none',
            m: 0,
            p: 0,
            ...panel,
            '& > li': { px: 4, py: 3 },
            '& > li + li': { borderTop: 1, borderColor: 'divider' },
          }}
        >
          {chosen.map((item) => (
            <li key={item.key}>
              <UploadLine item={item} onRemove={(key) => onChange(value.filter((each) => each !== key))} />
            </li>
          ))}
        </Box>
      )}
    </Box>
  )
}
