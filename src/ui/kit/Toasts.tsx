'use client'
import CloseIcon from '@mui/icons-material/Close'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'

export type Toast = {
  message: string
  tone?: 'ready' | 'failed' | 'idle'
  /** Takes the action back; shown as 'Undo' for ten seconds. */
  undo?: () => void
  action?: { label: string; run: () => void }
}
type Shown = Toast & { key: number }

const ToastContext = createContext<(toast: Toast) => void>(() => {})
/** `toast({ message, undo? })` from anywhere under the frame. */
export const useToast = () => useContext(ToastContext)

let nextKey = 1

function ToastLine({ toast, onClose }: { toast: Shown; onClose: (key: number) => void }) {
  useEffect(() => {
    const timer = setTimeout(() => onClose(toast.key), toast.undo || toast.action ? 10_000 : 5000)
    return () => clearTimeout(timer)
  }, [toast, onClose])
  const run = (then: () => void) => () => {
    then()
    onClose(toast.key)
  }
  return (
    <Box
      sx={{
        display: 'flex',
        alignItems: 'center',
        gap: 2,
        pl: 3,
        pr: 1,
        py: 1,
        minHeight: 44,
        bgcolor: 'background.paper',
        border: 1,
        borderColor: 'divider',
        borderRadius: '8px',
        boxShadow: '0 8px 28px rgb(0 0 0 / 0.16)',
        typography: 'body2',
        pointerEvents: 'auto',
      }}
    >
      <StatusShape status={toast.tone === 'failed' ? 'failed' : toast.tone === 'idle' ? 'queued' : 'ready'} />
      <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>{toast.message}</Box>
      {toast.undo && <Button onClick={run(toast.undo)}>Undo</Button>}
      {toast.action && <Button onClick={run(toast.action.run)}>{toast.action.label}</Button>}
      <IconButton aria-label="Close message" onClick={() => onClose(toast.key)}>
        <CloseIcon sx={{ fontSize: 16 }} />
      </IconButton>
    </Box>
  )
}

export function ToastProvider({ children }: { children: React.ReactNode }) {
  const [toasts, setToasts] = useState<Shown[]>([])
  const show = useCallback((toast: Toast) => setToasts((shown) => [...shown.slice(-2), { ...toast, key: nextKey++ }]), [])
  const close = useCallback((key: number) => setToasts((shown) => shown.filter((toast) => toast.key !== key)), [])
  const lines = useMemo(() => toasts.map((toast) => <ToastLine key={toast.key} toast={toast} onClose={close} />), [toasts, close])
  return (
    <ToastContext value={show}>
      {children}
      <Box
        role="status"
        aria-live="polite"
        sx={{
          position: 'fixed',
          zIndex: 'snackbar',
          bottom: 16,
          left: '50%',
          transform: 'translateX(-50%)',
          width: 'min(460px, calc(100vw - 32px))',
          display: 'grid',
          gap: 2,
          pointerEvents: 'none',
        }}
      >
        {lines}
      </Box>
    </ToastContext>
  )
}
