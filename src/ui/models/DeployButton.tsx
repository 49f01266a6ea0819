'use client'
import TuneIcon from '@mui/icons-material/Tune'
import Button from '@mui/material/Button'
import ButtonGroup from '@mui/material/ButtonGroup'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import { readError } from '#src/ui/kit/errors.ts'
import { useToast } from '#src/ui/kit/Toasts.tsx'
import { useDeploy } from '#src/ui/models/useDeploy.ts'

type DeployButtonProps = {
  model: string
  version: number
  variant?: 'contained' | 'outlined' | 'text'
  isDisabled?: boolean
  hasOptions?: boolean
}

const DeployDialog = dynamic(() => import('#src/ui/models/DeployDialog.tsx').then((module) => module.DeployDialog), { ssr: false })

/** One press: deploys and leads to the endpoint. The other half asks for a name, replicas and device first. */
export function DeployButton({ model, version, variant = 'contained', isDisabled = false, hasOptions = true }: DeployButtonProps) {
  const toast = useToast()
  const deploy = useDeploy()
  const [isAsking, setAsking] = useState(false)
  const go = () =>
    deploy.mutate(
      { model, version },
      {
        onError: (error) =>
          toast({ message: readError(error).message, tone: 'failed', action: { label: 'Choose a name', run: () => setAsking(true) } }),
      },
    )
  return (
    <>
      <ButtonGroup disableElevation variant={variant} disabled={isDisabled} sx={{ '& .MuiButtonGroup-grouped': { minWidth: 32 } }}>
        <Button loading={deploy.isPending} onClick={go}>
          Deploy version {version}
        </Button>
        {hasOptions && (
          <Button aria-label={`Deploy version ${version} with options`} onClick={() => setAsking(true)} sx={{ px: 1.5 }}>
            <TuneIcon sx={{ fontSize: 16 }} />
          </Button>
        )}
      </ButtonGroup>
      {isAsking && <DeployDialog model={model} version={version} onClose={() => setAsking(false)} />}
    </>
  )
}
