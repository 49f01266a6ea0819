type Beat = { credential: string; bootId: string; metrics?: object[] }

/** What an inference runtime without replicas sends every few seconds. @throws Error when web does not take it. */
export async function sendHeartbeat(webUrl: string, { credential, bootId, metrics = [] }: Beat): Promise<void> {
  const response = await fetch(`${webUrl}/api/runtime/v1/heartbeat`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
    body: JSON.stringify({ boot_id: bootId, devices: [], running: 0, metrics, replicas: [] }),
  })
  if (!response.ok) throw new Error(`the heartbeat was refused: ${await response.text()}`)
}
