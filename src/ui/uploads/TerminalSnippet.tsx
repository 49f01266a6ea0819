'use client'
import { CodeSnippet } from '#src/ui/kit/CodeSnippet.tsx'
import { useOrigin } from '#src/ui/kit/useOrigin.ts'
import { PutInKeyButton, useSnippetKey } from '#src/ui/settings/PutInKey.tsx'
import { trpc } from '#src/ui/trpc.tsx'
import { uploadSnippets } from '#src/ui/uploads/uploadSnippets.ts'

/** Upload and register from a terminal: the real address, and a key at a press. */
export function TerminalSnippet({ kind }: { kind: 'model' | 'dataset' }) {
  const { data } = trpc.system.info.useQuery()
  const snippetKey = useSnippetKey()
  const here = useOrigin()
  const origin = data?.webUrl ?? here
  return (
    <CodeSnippet
      label="From a terminal"
      snippets={uploadSnippets({ origin, key: snippetKey.secret, kind })}
      actions={<PutInKeyButton {...snippetKey} />}
    />
  )
}
