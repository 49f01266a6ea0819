'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import Tab from '@mui/material/Tab'
import Tabs from '@mui/material/Tabs'
import type { DeploymentDetail } from '#src/contracts/deployment.ts'
import { PlaygroundAnswer } from '#src/ui/deployments/PlaygroundAnswer.tsx'
import { PlaygroundField } from '#src/ui/deployments/PlaygroundField.tsx'
import { type SnippetLanguage, snippet } from '#src/ui/deployments/snippets.ts'
import { inputName, type PlaygroundState, usePlayground } from '#src/ui/deployments/usePlayground.ts'
import { useReadKey } from '#src/ui/deployments/useReadKey.ts'
import { CodeSnippet } from '#src/ui/kit/CodeSnippet.tsx'
import { EmptyState } from '#src/ui/kit/EmptyState.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { PutInKeyButton } from '#src/ui/settings/PutInKey.tsx'
import { panel } from '#src/ui/kit/panel.ts'

function Inputs({ state }: { state: PlaygroundState }) {
  const { fields, texts, problems, change, mode, json, writeJson, jsonProblem } = state
  if (mode === 'json')
    return (
      <Field
        label="Request"
        name="json"
        rows={12}
        isMono
        value={json}
        onChange={writeJson}
        error={jsonProblem ?? undefined}
        help="As the endpoint takes it: several rows at once are welcome here."
      />
    )
  const isOneText = fields.length === 1 && fields[0]?.kind === 'text'
  return (
    <Box
      sx={{
        display: 'grid',
        columnGap: 4,
        rowGap: 4,
        gridTemplateColumns: isOneText ? undefined : 'repeat(auto-fill, minmax(min(100%, 200px), 1fr))',
      }}
    >
      {fields.map((field) => (
        <PlaygroundField
          key={inputName(field.name)}
          field={field}
          text={texts[field.name] ?? ''}
          problem={problems[field.name]}
          onChange={(text) => change(field.name, text)}
        />
      ))}
    </Box>
  )
}

const languages: { language: SnippetLanguage; label: string }[] = [
  { language: 'curl', label: 'curl' },
  { language: 'python', label: 'Python' },
  { language: 'typescript', label: 'TypeScript' },
]

function Snippets({ deployment, state }: { deployment: DeploymentDetail; state: PlaygroundState }) {
  const key = useReadKey(deployment.name)
  const call = { endpointUrl: deployment.endpointUrl, inputs: state.inputs, key: key.secret }
  return (
    <Section title="From your own program" note="With the address of this endpoint and the values above.">
      <CodeSnippet
        label="Call the endpoint"
        snippets={languages.map(({ language, label }) => ({ label, code: snippet(language, call) }))}
        actions={<PutInKeyButton {...key} />}
      />
    </Section>
  )
}

function Answer({ deployment, state }: { deployment: DeploymentDetail; state: PlaygroundState }) {
  const { infer, problems } = state
  const isBesideField = Object.keys(problems).length > 0
  return (
    <Section title="Answer" isFramed={!!infer.data && !infer.error}>
      <Box aria-live="polite" sx={infer.isPending && infer.data ? { opacity: 0.55 } : undefined}>
        {infer.error && !isBesideField && <ErrorNotice title="The model did not answer" error={infer.error} />}
        {infer.error && isBesideField && (
          <Box sx={{ color: 'text.secondary', typography: 'body2' }}>Mend the field that is marked, then send again.</Box>
        )}
        {infer.data && !infer.error && <PlaygroundAnswer answer={infer.data} signature={deployment.signature} />}
        {!infer.data && !infer.error && (
          <Box sx={{ color: 'text.secondary', typography: 'body2' }}>
            {infer.isPending ? 'Waiting for the model …' : 'The answer appears here, with its probabilities and how long it took.'}
          </Box>
        )}
      </Box>
    </Section>
  )
}

/** Asks the model by hand; what is typed here is in the code below too. */
export function Playground({ deployment }: { deployment: DeploymentDetail }) {
  const state = usePlayground(deployment)
  const canSend =
    deployment.status === 'ready' ||
    deployment.status === 'degraded' ||
    deployment.replicaStates.some((replica) => replica.readyReplicas > 0)
  if (!deployment.signature)
    return <EmptyState sentence="The inputs of this deployment are not known yet. They appear here as soon as its version is loaded." />
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) state.send(event)
  }
  return (
    <Box sx={{ display: 'grid', gap: 8 }}>
      <Box sx={{ display: 'grid', gap: 6, gridTemplateColumns: { md: 'minmax(0, 1fr) 360px' }, alignItems: 'start' }}>
        <Box component="form" aria-label="Playground" onSubmit={state.send} onKeyDown={onKeyDown} noValidate sx={{ ...panel, minWidth: 0 }}>
          <Box
            sx={{
              display: 'flex',
              alignItems: 'center',
              gap: 2,
              px: { xs: 4, sm: 5 },
              borderBottom: 1,
              borderColor: 'divider',
              flexWrap: 'wrap',
              py: 1,
            }}
          >
            <Tabs
              value={state.mode}
              onChange={(_, mode: 'form' | 'json') => state.switchTo(mode)}
              aria-label="How to write the request"
              sx={{ border: 0, flex: '1 0 auto' }}
            >
              <Tab value="form" label="Form" />
              <Tab value="json" label="JSON" />
            </Tabs>
            <Box sx={{ display: 'flex', gap: 2 }}>
              <Button onClick={state.fillExample}>Fill an example</Button>
              <Button onClick={state.clear}>Clear</Button>
            </Box>
          </Box>
          <Box sx={{ p: { xs: 4, sm: 5 }, display: 'grid', gap: 5 }}>
            <Inputs state={state} />
            <Box sx={{ display: 'flex', gap: 3, alignItems: 'center', flexWrap: 'wrap' }}>
              <Button type="submit" variant="contained" loading={state.infer.isPending} disabled={!canSend}>
                Ask the model
              </Button>
              <Box sx={{ typography: 'caption', color: 'text.secondary' }}>
                {canSend ? 'Ctrl or ⌘ and Enter sends too' : `It cannot answer while it is ${deployment.status}.`}
              </Box>
            </Box>
          </Box>
        </Box>
        <Answer deployment={deployment} state={state} />
      </Box>
      <Snippets deployment={deployment} state={state} />
    </Box>
  )
}
