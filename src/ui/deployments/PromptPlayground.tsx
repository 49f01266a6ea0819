'use client'
import Box from '@mui/material/Box'
import Button from '@mui/material/Button'
import { useState } from 'react'
import type { DeploymentDetail } from '#src/contracts/deployment.ts'
import { readContext } from '#src/ui/deployments/promptContext.ts'
import { promptSnippet } from '#src/ui/deployments/promptSnippets.ts'
import type { SnippetLanguage } from '#src/ui/deployments/snippets.ts'
import { useReadKey } from '#src/ui/deployments/useReadKey.ts'
import { CodeSnippet } from '#src/ui/kit/CodeSnippet.tsx'
import { ErrorNotice } from '#src/ui/kit/ErrorNotice.tsx'
import { Field } from '#src/ui/kit/Field.tsx'
import { formatMs, formatPercent } from '#src/ui/kit/format.ts'
import { KeyValues } from '#src/ui/kit/KeyValues.tsx'
import { Section } from '#src/ui/kit/Section.tsx'
import { PutInKeyButton } from '#src/ui/settings/PutInKey.tsx'
import { type Outputs, trpc } from '#src/ui/trpc.tsx'
import { panel } from '#src/ui/kit/panel.ts'

type Answer = Outputs['deployments']['ask']

const languages: { language: SnippetLanguage; label: string }[] = [
  { language: 'curl', label: 'curl' },
  { language: 'python', label: 'Python' },
  { language: 'typescript', label: 'TypeScript' },
]

function Reply({ answer }: { answer: Answer }) {
  return (
    <Box sx={{ display: 'grid', gap: 4, minWidth: 0 }}>
      <Box
        tabIndex={0}
        role="region"
        aria-label="Response"
        sx={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', maxHeight: 420, overflow: 'auto' }}
      >
        {answer.response === '' ? '(empty)' : answer.response}
      </Box>
      <KeyValues
        labelWidth={110}
        items={[
          { label: 'Confidence', value: answer.confidence === null ? 'Not given by its server' : formatPercent(answer.confidence) },
          { label: 'Took', value: formatMs(answer.durationMs) },
          { label: 'Version', value: answer.modelVersion },
          { label: 'Specialization', value: answer.specialization },
        ]}
      />
    </Box>
  )
}

/** Asks a language model by hand; what is typed here is in the code below too. */
export function PromptPlayground({ deployment }: { deployment: DeploymentDetail }) {
  const [prompt, setPrompt] = useState('Say hello in five words.')
  const [contextText, setContextText] = useState('')
  const [maxTokens, setMaxTokens] = useState('200')
  const ask = trpc.deployments.ask.useMutation()
  const key = useReadKey(deployment.name)
  const context = readContext(contextText)
  const tokens = /^\d{1,7}$/.test(maxTokens) && Number(maxTokens) > 0 ? Number(maxTokens) : undefined
  const tokensProblem = maxTokens !== '' && tokens === undefined ? 'Must be a whole number of at least 1' : undefined
  const canSend = deployment.status === 'ready' || deployment.status === 'degraded'
  const question = { prompt, ...(context.value ? { context: context.value } : {}) }

  const send = (event: React.SyntheticEvent) => {
    event.preventDefault()
    if (ask.isPending || !canSend || context.problem || tokensProblem || prompt === '') return
    ask.mutate({ deployment: deployment.id, ...question, ...(tokens ? { maxTokens: tokens } : {}) })
  }
  const code = (language: SnippetLanguage) =>
    promptSnippet(language, {
      origin: new URL(deployment.endpointUrl).origin,
      project: deployment.project,
      key: key.secret,
      body: { model: deployment.name, ...question, ...(tokens ? { max_tokens: tokens } : {}) },
    })
  return (
    <Box sx={{ display: 'grid', gap: 8 }}>
      <Box sx={{ display: 'grid', gap: 6, gridTemplateColumns: { md: 'minmax(0, 1fr) 360px' }, alignItems: 'start' }}>
        <Box
          component="form"
          aria-label="Playground"
          noValidate
          onSubmit={send}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) send(event)
          }}
          sx={{
            ...panel,
            p: { xs: 4, sm: 5 },
            display: 'grid',
            gap: 5,
            minWidth: 0,
          }}
        >
          <Field
            label="Prompt"
            name="prompt"
            rows={5}
            value={prompt}
            onChange={setPrompt}
            error={prompt === '' ? 'Write what to ask' : undefined}
          />
          <Field
            label="Context"
            name="context"
            rows={4}
            isMono
            isOptional
            value={contextText}
            onChange={setContextText}
            error={context.problem}
            placeholder={'customer: Ada\nlanguage: en'}
            help="One a line, name: value. The model is told it as a system message."
          />
          <Box sx={{ maxWidth: 200 }}>
            <Field
              label="Most tokens"
              name="maxTokens"
              type="number"
              min={1}
              value={maxTokens}
              onChange={setMaxTokens}
              error={tokensProblem}
              isOptional
            />
          </Box>
          <Box sx={{ display: 'flex', gap: 3, alignItems: 'center', flexWrap: 'wrap' }}>
            <Button type="submit" variant="contained" loading={ask.isPending} disabled={!canSend}>
              Ask the model
            </Button>
            <Box sx={{ typography: 'caption', color: 'text.secondary' }}>
              {canSend ? 'Ctrl or ⌘ and Enter sends too' : `It cannot answer while it is ${deployment.status}.`}
            </Box>
          </Box>
        </Box>
        <Section title="Answer" isFramed={!!ask.data && !ask.error}>
          <Box aria-live="polite" sx={ask.isPending && ask.data ? { opacity: 0.55 } : undefined}>
            {ask.error && <ErrorNotice title="The model did not answer" error={ask.error} />}
            {ask.data && !ask.error && <Reply answer={ask.data} />}
            {!ask.data && !ask.error && (
              <Box sx={{ color: 'text.secondary', typography: 'body2' }}>
                {ask.isPending ? 'Waiting for the model …' : 'The answer appears here, with how sure the model was and how long it took.'}
              </Box>
            )}
          </Box>
        </Section>
      </Box>
      <Section title="From your own program" note="With the name of this deployment and what is written above.">
        <CodeSnippet
          label="Ask the model"
          snippets={languages.map(({ language, label }) => ({ label, code: code(language) }))}
          actions={<PutInKeyButton {...key} />}
        />
      </Section>
    </Box>
  )
}
