'use client'
import AddIcon from '@mui/icons-material/Add'
import DeleteIcon from '@mui/icons-material/DeleteOutlined'
import EditIcon from '@mui/icons-material/EditOutlined'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import IconButton from '@mui/material/IconButton'
import dynamic from 'next/dynamic'
import { useState } from 'react'
import { Hint } from '#src/ui/kit/Hint.tsx'
import type { Model } from '#src/contracts/model.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import type { VersionSummary } from '#src/ui/models/ModelFigures.tsx'
import { useAliases } from '#src/ui/models/useAliases.ts'

const AliasDialog = dynamic(() => import('#src/ui/models/AliasDialog.tsx').then((module) => module.AliasDialog), { ssr: false })

/** Names that move from version to version, such as `champion`; programs ask for the name. */
export function Aliases({ model, versions, canDeploy }: { model: Model; versions: VersionSummary[]; canDeploy: boolean }) {
  const [editing, setEditing] = useState<{ alias: string } | null>(null)
  const { remove } = useAliases(model)
  const names = Object.entries(model.aliases).sort(([left], [right]) => left.localeCompare(right))
  return (
    <Section
      title="Aliases"
      actions={
        canDeploy && (
          <Button
            startIcon={<AddIcon sx={{ fontSize: 16 }} />}
            onClick={() => setEditing({ alias: names.some(([alias]) => alias === 'champion') ? '' : 'champion' })}
          >
            Set alias
          </Button>
        )
      }
    >
      <ListCard label="Aliases">
        {names.length === 0 && (
          <Box component="li" sx={{ color: 'text.secondary', typography: 'body2' }}>
            A name such as champion points at a version and moves when a better one comes.
          </Box>
        )}
        {names.map(([alias, version]) => (
          <Box component="li" key={alias} sx={{ display: 'flex', alignItems: 'center', gap: 1, py: '6px !important' }}>
            <Box sx={{ flex: 1, minWidth: 0, overflowWrap: 'anywhere' }}>
              <Box component="span" sx={{ fontWeight: 550 }}>
                {alias}
              </Box>
              {' → '}
              <AppLink underline="always" href={`/models/${encodeURIComponent(model.name)}/versions/${version}`}>
                version {version}
              </AppLink>
            </Box>
            {canDeploy && (
              <>
                <Hint text={`Move ${alias}`}>
                  <IconButton aria-label={`Move ${alias}`} onClick={() => setEditing({ alias })}>
                    <EditIcon sx={{ fontSize: 16 }} />
                  </IconButton>
                </Hint>
                <Hint text={`Delete ${alias}`}>
                  <IconButton aria-label={`Delete ${alias}`} onClick={() => remove(alias)}>
                    <DeleteIcon sx={{ fontSize: 16 }} />
                  </IconButton>
                </Hint>
              </>
            )}
          </Box>
        ))}
      </ListCard>
      {editing && <AliasDialog model={model} versions={versions} alias={editing.alias} onClose={() => setEditing(null)} />}
    </Section>
  )
}
