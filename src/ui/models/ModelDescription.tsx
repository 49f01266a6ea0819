'use client'
import Button from '@mui/material/Button'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import type { Model } from '#src/contracts/model.ts'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { Prose } from '#src/ui/kit/Prose.tsx'
import { Section } from '#src/ui/kit/Section.tsx'

const EditModelDialog = dynamic(() => import('#src/ui/models/EditModelDialog.tsx').then((module) => module.EditModelDialog), { ssr: false })

/** The card in people's words: what it is for, on what it was trained, where it fails. */
export function ModelDescription({ model, canWrite }: { model: Model; canWrite: boolean }) {
  const [isEditing, setEditing] = useState(false)
  const edit = (label: string) => (
    <Button variant="outlined" onClick={() => setEditing(true)}>
      {label}
    </Button>
  )
  return (
    <Section title="Description" isFramed={!!model.description} actions={canWrite && model.description && edit('Edit')}>
      {model.description ? (
        <Prose text={model.description} />
      ) : (
        <EmptyState
          isCompact
          sentence="Say what this model is for, on what data it was trained and where it should not be used."
          action={canWrite ? edit('Write a description') : undefined}
        />
      )}
      {isEditing && <EditModelDialog model={model} onClose={() => setEditing(false)} />}
    </Section>
  )
}
