'use client'
import DoneIcon from '@mui/icons-material/CheckCircle'
import OpenIcon from '@mui/icons-material/RadioButtonUnchecked'
import Box from '@mui/material/Box'
import type { Home } from '#src/contracts/home.ts'
import { LoadSampleButton } from '#src/ui/home/LoadSampleButton.tsx'
import { visuallyHidden } from '#src/ui/kit/visuallyHidden.ts'
import { ButtonLink } from '#src/ui/kit/ButtonLink.tsx'
import { ListCard } from '#src/ui/kit/ListCard.tsx'
import { Section } from '#src/ui/kit/Section.tsx'

type Step = { title: string; note: string; isDone: boolean; action: React.ReactNode }

function stepsOf(steps: Home['steps'], canTrain: boolean): Step[] {
  return [
    {
      title: 'Bring data',
      note: 'A CSV or JSONL file; or take the sample to try the whole way in a few minutes.',
      isDone: steps.hasDataset,
      action: (
        <>
          <LoadSampleButton />
          <ButtonLink href="/datasets/register" variant="outlined">
            Add a data set
          </ButtonLink>
        </>
      ),
    },
    {
      title: 'Get a model',
      note: canTrain ? 'Train one on your data, or register an ONNX file that you have.' : 'Register an ONNX file that you have.',
      isDone: steps.hasModel,
      action: (
        <>
          {canTrain && steps.hasDataset && (
            <ButtonLink href="/training/new" variant="contained">
              Train a model
            </ButtonLink>
          )}
          <ButtonLink href="/models/register" variant="outlined">
            Register a model
          </ButtonLink>
        </>
      ),
    },
    {
      title: 'Deploy it',
      note: 'One press gives it an address that answers requests.',
      isDone: steps.hasDeployment,
      action: (
        <ButtonLink href="/models" variant="contained">
          Choose a model
        </ButtonLink>
      ),
    },
    {
      title: 'Ask for a prediction',
      note: 'Try it on its page, or copy the call into your own program.',
      isDone: steps.hasPrediction,
      action: (
        <ButtonLink href="/deployments" variant="contained">
          Open deployments
        </ButtonLink>
      ),
    },
  ]
}

/** The way from nothing to a prediction; each step ticks itself. */
export function FirstSteps({ steps, canTrain }: { steps: Home['steps']; canTrain: boolean }) {
  const all = stepsOf(steps, canTrain)
  const next = all.find((step) => !step.isDone)
  return (
    <Section title="First steps" note={`${all.filter((step) => step.isDone).length} of ${all.length} done`}>
      <ListCard label="First steps">
        {all.map((step) => (
          <Box
            component="li"
            key={step.title}
            sx={{ display: 'flex', gap: 3, alignItems: 'center', flexWrap: 'wrap', py: step === next ? '16px !important' : undefined }}
          >
            {step.isDone ? (
              <DoneIcon sx={{ fontSize: 20, color: 'state.ready' }} />
            ) : (
              <OpenIcon sx={{ fontSize: 20, color: 'text.secondary' }} />
            )}
            <Box sx={{ flex: '1 1 260px', minWidth: 0, color: step.isDone ? 'text.secondary' : undefined }}>
              <Box sx={{ fontWeight: step === next ? 600 : 500 }}>
                {step.title}
                <Box component="span" sx={visuallyHidden}>
                  {step.isDone ? ', done' : ', open'}
                </Box>
              </Box>
              {step === next && <Box sx={{ typography: 'body2', color: 'text.secondary' }}>{step.note}</Box>}
            </Box>
            {step === next && <Box sx={{ display: 'flex', gap: 2, flexWrap: 'wrap' }}>{step.action}</Box>}
          </Box>
        ))}
      </ListCard>
    </Section>
  )
}
