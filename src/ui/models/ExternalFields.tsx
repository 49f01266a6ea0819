import Box from '@mui/material/Box'
import { Field } from '#src/ui/kit/Field.tsx'
import type { RegisterDraft } from '#src/ui/models/registerDraft.ts'

type Key = Extract<keyof RegisterDraft, `external.${string}`>
type Props = {
  values: RegisterDraft
  errors: Record<string, string>
  set: <K extends keyof RegisterDraft>(key: K, value: RegisterDraft[K]) => void
}

/** Where an OpenAI-compatible server is, and how much of it may be used. */
export function ExternalFields({ values, errors, set }: Props) {
  const field = (key: Key) => ({ name: key, value: values[key], onChange: (value: string) => set(key, value), error: errors[key] })
  return (
    <>
      <Field
        {...field('external.url')}
        label="Address"
        type="url"
        placeholder="https://host/v1"
        help="The base address of an OpenAI-compatible server, such as vLLM or llama-server."
      />
      <Field {...field('external.model')} label="Model on the server" help="As the server calls it; its list of models says." />
      <Field
        {...field('external.api_key')}
        label="API key"
        type="password"
        autoComplete="off"
        isOptional
        help="Kept encrypted and never shown again. To change it, register a further version."
      />
      <Box sx={{ display: 'grid', gap: 4, gridTemplateColumns: 'repeat(auto-fit, minmax(min(100%, 220px), 1fr))' }}>
        <Field {...field('external.maxTokens')} label="Most tokens of an answer" type="number" min={1} />
        <Field {...field('external.timeoutMs')} label="Wait at most (ms)" type="number" min={100} max={100_000} />
        <Field {...field('external.maxConcurrent')} label="Requests at a time" type="number" min={1} />
        <Field {...field('external.requestsPerMinute')} label="Requests a minute" type="number" min={1} isOptional help="Empty: no limit" />
      </Box>
    </>
  )
}
