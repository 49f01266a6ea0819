import Box from '@mui/material/Box'
import type { ModelVersion } from '#src/contracts/model.ts'
import { AppLink } from '#src/ui/kit/AppLink.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { StatusShape } from '#src/ui/kit/StatusChip.tsx'

type Step = { key: string; noun: string; title: string; note?: string; href?: string; status?: string; isHere?: boolean }

function stepsOf(version: ModelVersion): Step[] {
  const { dataset, job, base, source } = version.lineage
  const steps: Step[] = []
  if (dataset)
    steps.push({
      key: 'dataset',
      noun: 'Data set',
      title: dataset.name,
      note: `version ${dataset.version} · ${dataset.digest.replace('sha256:', '').slice(0, 10)}`,
      href: `/datasets/${encodeURIComponent(dataset.name)}?version=${dataset.version}`,
    })
  if (base)
    steps.push({
      key: 'base',
      noun: 'Base',
      title: `${base.model} version ${base.version}`,
      href: `/models/${encodeURIComponent(base.model)}/versions/${base.version}`,
    })
  if (job) steps.push({ key: 'job', noun: 'Training job', title: job.name, note: job.recipe, href: `/training/${job.id}` })
  if (source === 'upload')
    steps.push({
      key: 'upload',
      noun: 'Upload',
      title: version.createdBy ?? 'Uploaded',
      note: (version.files.find((file) => file.path.endsWith('.onnx')) ?? version.files[0])?.path,
    })
  if (version.external)
    steps.push({
      key: 'server',
      noun: 'Server',
      title: new URL(version.external.url).host,
      note: version.external.model,
      status: version.external.state,
    })
  steps.push({
    key: 'version',
    noun: 'Version',
    title: `${version.modelName} version ${version.version}`,
    status: version.status,
    isHere: true,
  })
  for (const deployment of version.deployments) {
    steps.push({
      key: deployment.id,
      noun: 'Deployment',
      title: deployment.name,
      note: `${deployment.weight} % of its traffic`,
      status: deployment.status,
      href: `/deployments/${encodeURIComponent(deployment.name)}`,
    })
  }
  return steps
}

function StepCard({ step }: { step: Step }) {
  return (
    <Box
      aria-current={step.isHere ? 'step' : undefined}
      sx={{
        border: 1,
        borderColor: step.isHere ? 'text.disabled' : 'divider',
        borderRadius: '8px',
        bgcolor: 'background.paper',
        px: 3,
        py: 2,
        minWidth: 0,
        position: 'relative',
        '&:hover': step.href ? { bgcolor: 'action.hover' } : undefined,
      }}
    >
      <Box sx={{ typography: 'caption', color: 'text.secondary' }}>{step.noun}</Box>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 1.5, overflowWrap: 'anywhere', fontWeight: 550 }}>
        {step.status && <StatusShape status={step.status} />}
        {step.href ? (
          <AppLink href={step.href} sx={{ color: 'text.primary', '&::after': { content: '""', position: 'absolute', inset: 0 } }}>
            {step.title}
          </AppLink>
        ) : (
          step.title
        )}
      </Box>
      {step.note && <Box sx={{ typography: 'caption', color: 'text.secondary', overflowWrap: 'anywhere' }}>{step.note}</Box>}
    </Box>
  )
}

/** From the data to the endpoint; every part leads to its page. */
export function LineageChain({ version }: { version: ModelVersion }) {
  return (
    <Section title="Lineage">
      <Box
        component="ol"
        sx={{
          listStyle: 'none',
          m: 0,
          p: 0,
          display: 'flex',
          flexWrap: 'wrap',
          gap: 2,
          flexDirection: { xs: 'column', sm: 'row' },
          '& > li': {
            display: 'flex',
            flexDirection: { xs: 'column', sm: 'row' },
            alignItems: { xs: 'stretch', sm: 'center' },
            gap: 2,
            minWidth: { sm: 150 },
            maxWidth: { sm: 300 },
          },
        }}
      >
        {stepsOf(version).map((step, index) => (
          <li key={step.key}>
            {index > 0 && (
              <Box aria-hidden sx={{ color: 'text.secondary', textAlign: 'center', transform: { xs: 'rotate(90deg)', sm: 'none' } }}>
                →
              </Box>
            )}
            <StepCard step={step} />
          </li>
        ))}
      </Box>
    </Section>
  )
}
