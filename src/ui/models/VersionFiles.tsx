'use client'
import Box from '@mui/material/Box'
import Link from '@mui/material/Link'
import type { ModelVersion, versionFile } from '#src/contracts/model.ts'
import type { z } from 'zod'
import { type Column, DataTable } from '#src/ui/kit/DataTable.tsx'
import { formatBytes } from '#src/ui/kit/format.ts'
import { IdText } from '#src/ui/kit/IdText.tsx'

type File = z.infer<typeof versionFile>

const addressOf = (version: ModelVersion, path: string) =>
  `/api/v1/models/${version.modelId}/versions/${version.version}/files/${path.split('/').map(encodeURIComponent).join('/')}`

/** The files of a version by digest, each to download. */
export function VersionFiles({ version }: { version: ModelVersion }) {
  const columns: Column<File>[] = [
    {
      key: 'path',
      header: 'Path',
      cell: (file) => (
        <Box component="span" sx={{ typography: 'mono', overflowWrap: 'anywhere' }}>
          {file.path}
        </Box>
      ),
      sortValue: (file) => file.path,
    },
    { key: 'size', header: 'Size', align: 'right', cell: (file) => formatBytes(file.sizeBytes), sortValue: (file) => file.sizeBytes },
    {
      key: 'sha256',
      header: 'SHA-256',
      cell: (file) => (file.sha256 ? <IdText id={file.sha256} short={`${file.sha256.slice(0, 12)}…`} what="digest" /> : 'being verified'),
    },
    {
      key: 'download',
      header: 'Download',
      cell: (file) =>
        file.sha256 ? (
          <Link href={addressOf(version, file.path)} download={file.path.split('/').at(-1)} aria-label={`Download ${file.path}`}>
            Download
          </Link>
        ) : (
          '–'
        ),
    },
  ]
  return <DataTable id="files" label="Files" columns={columns} rows={version.files} rowKey={(file) => file.path} hasColumnPicker={false} />
}
