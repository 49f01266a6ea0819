'use client'
import CloseIcon from '@mui/icons-material/Close'
import PauseIcon from '@mui/icons-material/Pause'
import PlayIcon from '@mui/icons-material/PlayArrow'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import { useRef, useState } from 'react'
import { Hint } from '#src/ui/kit/Hint.tsx'
import { formatBytes } from '#src/ui/kit/format.ts'
import { ProgressLine } from '#src/ui/kit/ProgressLine.tsx'
import { StatusChip } from '#src/ui/kit/StatusChip.tsx'
import { cancelUpload, pauseUpload, resumeFromHandle, resumeUpload, resumeWithFile } from '#src/ui/uploads/tusUploads.ts'
import { secondsLeft, type UploadItem, type UploadState } from '#src/ui/uploads/uploadStore.ts'

const words: Record<UploadState, string> = {
  uploading: 'Uploading',
  paused: 'Paused',
  waiting: 'Waiting for the file',
  verifying: 'Verifying',
  ready: 'Ready',
  rejected: 'Rejected',
  failed: 'Interrupted',
}

function Action({ label, onClick, children }: { label: string; onClick: () => void; children: React.ReactNode }) {
  return (
    <Hint text={label}>
      <IconButton aria-label={label} onClick={onClick}>
        {children}
      </IconButton>
    </Hint>
  )
}

/** 'Pick the file again' for one that a reload interrupted; a kept handle spares the picking. */
function PickAgain({ item }: { item: UploadItem }) {
  const input = useRef<HTMLInputElement>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const pick = async () => {
    if (!(await resumeFromHandle(item.key, true))) input.current?.click()
  }
  return (
    <Box sx={{ display: 'grid', gap: 1, justifyItems: 'start' }}>
      <Button variant="outlined" onClick={() => void pick()}>
        Pick {item.filename} again to go on
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={`Pick ${item.filename} again`}
        onChange={(event) => {
          const file = event.target.files?.[0]
          if (file) setWrong(resumeWithFile(item.key, file))
        }}
      />
      {wrong && (
        <Box role="alert" sx={{ typography: 'caption', color: 'state.failedText' }}>
          {wrong}
        </Box>
      )}
    </Box>
  )
}

/** One upload: how far, how fast, how long still, and pause, go on, take away. */
export function UploadLine({ item, onRemove }: { item: UploadItem; onRemove?: (key: string) => void }) {
  const isOnItsWay = item.state === 'uploading' || item.state === 'paused' || item.state === 'waiting' || item.state === 'failed'
  const left = secondsLeft(item)
  const remove = () => {
    void cancelUpload(item.key)
    onRemove?.(item.key)
  }
  return (
    <Box sx={{ display: 'grid', gap: 1.5, minWidth: 0 }}>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, minWidth: 0 }}>
        <Box sx={{ flex: 1, minWidth: 0 }}>
          <Box
            title={item.filename}
            sx={{ typography: 'body2', fontWeight: 550, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }}
          >
            {item.filename}
          </Box>
          <Box sx={{ display: 'flex', gap: 2, flexWrap: 'wrap', typography: 'caption', color: 'text.secondary', alignItems: 'center' }}>
            <StatusChip status={item.state === 'waiting' ? 'paused' : item.state} label={words[item.state]} />
            <Box component="span" sx={{ fontVariantNumeric: 'tabular-nums' }}>
              {isOnItsWay ? `${formatBytes(item.sentBytes)} of ${formatBytes(item.sizeBytes)}` : formatBytes(item.sizeBytes)}
            </Box>
          </Box>
        </Box>
        {item.state === 'uploading' && (
          <Action label={`Pause ${item.filename}`} onClick={() => pauseUpload(item.key)}>
            <PauseIcon sx={{ fontSize: 18 }} />
          </Action>
        )}
        {(item.state === 'paused' || item.state === 'failed') && (
          <Action label={`Go on with ${item.filename}`} onClick={() => resumeUpload(item.key)}>
            <PlayIcon sx={{ fontSize: 18 }} />
          </Action>
        )}
        <Action
          label={isOnItsWay ? `Cancel ${item.filename}` : `Remove ${item.filename} from the list`}
          onClick={isOnItsWay || onRemove ? remove : () => void cancelUpload(item.key)}
        >
          <CloseIcon sx={{ fontSize: 18 }} />
        </Action>
      </Box>
      {isOnItsWay && (
        <ProgressLine
          value={item.sizeBytes ? item.sentBytes / item.sizeBytes : null}
          label={`Upload of ${item.filename}`}
          rate={item.bytesPerSecond === null ? null : `${formatBytes(item.bytesPerSecond)}/s`}
          secondsLeft={left}
        />
      )}
      {item.reason && (
        <Box role="alert" sx={{ typography: 'caption', color: 'state.failedText', overflowWrap: 'anywhere' }}>
          {item.reason}
        </Box>
      )}
      {item.state === 'waiting' && <PickAgain item={item} />}
    </Box>
  )
}
