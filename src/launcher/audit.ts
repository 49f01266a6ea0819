/** `npm run nw -- audit [HEAD]`: checks the chain of the record through the installation that runs. */
type Verdict = {
  intact: boolean
  checked: number
  head: { seq: number; hash: string } | null
  first_break: { message: string; event_id: string | null } | null
  unsealed: { count: number; oldest_at: string | null }
  duration_ms: number
}

function tell({ intact, checked, head, first_break: found, unsealed, duration_ms: ms }: Verdict): void {
  console.log(`${intact ? 'intact' : 'BROKEN'}    ${checked} seals checked in ${ms} ms`)
  if (found) console.log(`break     ${found.message}${found.event_id ? ` Entry ${found.event_id}.` : ''}`)
  if (unsealed.count > 0) console.log(`unsealed  ${unsealed.count}, the oldest from ${unsealed.oldest_at}`)
  if (head) console.log(`head      ${head.seq}:${head.hash}`)
}

/** @returns 0 when the chain holds, 1 when it is broken, 69 when nobody could be asked. */
export async function audit(args: string[]): Promise<number> {
  const { NEUROWEAVER_URL: url, NEUROWEAVER_API_KEY: key } = process.env
  if (!url || !key) {
    console.error('No NeuroWeaver is running here. Start it, or set NEUROWEAVER_URL and NEUROWEAVER_API_KEY (a key of an admin).')
    return 69
  }
  const query = args[0] ? `?${new URLSearchParams({ head: args[0] })}` : ''
  const response = await fetch(`${url}/api/v1/audit/verify${query}`, { headers: { authorization: `Bearer ${key}` } })
  const body = (await response.json()) as Verdict & { error?: { message: string } }
  if (!response.ok) {
    console.error(body.error?.message ?? `The installation answered ${response.status}.`)
    return 69
  }
  tell(body)
  return body.intact ? 0 : 1
}
