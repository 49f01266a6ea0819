import { textToTags } from '#src/ui/models/tagText.ts'

/** What the form holds, as it was typed. The keys of a server's fields are the paths that a refusal names. */
export type RegisterDraft = {
  source: 'files' | 'external'
  name: string
  description: string
  specialization: string
  baseModel: string
  tags: string
  files: string[]
  'external.url': string
  'external.model': string
  'external.api_key': string
  'external.maxTokens': string
  'external.requestsPerMinute': string
  'external.maxConcurrent': string
  'external.timeoutMs': string
}

export const emptyDraft = (name: string): RegisterDraft => ({
  source: 'files',
  name,
  description: '',
  specialization: '',
  baseModel: '',
  tags: '',
  files: [],
  'external.url': '',
  'external.model': '',
  'external.api_key': '',
  'external.maxTokens': '1024',
  'external.requestsPerMinute': '',
  'external.maxConcurrent': '16',
  'external.timeoutMs': '30000',
})

const externalOf = (draft: RegisterDraft) => ({
  url: draft['external.url'].trim(),
  model: draft['external.model'].trim(),
  apiKey: draft['external.api_key'].trim() || undefined,
  maxTokens: Number(draft['external.maxTokens']),
  requestsPerMinute: draft['external.requestsPerMinute'].trim() === '' ? null : Number(draft['external.requestsPerMinute']),
  maxConcurrent: Number(draft['external.maxConcurrent']),
  timeoutMs: Number(draft['external.timeoutMs']),
})

/** What is sent, without the files. */
export const draftToInput = (draft: RegisterDraft) => ({
  name: draft.name.trim(),
  description: draft.description || undefined,
  specialization: draft.specialization.trim() || undefined,
  baseModel: draft.baseModel.trim() || undefined,
  tags: textToTags(draft.tags),
  ...(draft.source === 'external' ? { external: externalOf(draft) } : {}),
})
