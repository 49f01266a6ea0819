/** Uploads bytes by tus in two requests. @returns the upload's id. */
export async function uploadBytes(origin: string, key: string, filename: string, bytes: Uint8Array): Promise<string> {
  const headers = { authorization: `Bearer ${key}`, 'tus-resumable': '1.0.0' }
  const metadata = `filename ${Buffer.from(filename).toString('base64')}`
  const created = await fetch(`${origin}/uploads`, {
    method: 'POST',
    headers: { ...headers, 'upload-length': String(bytes.length), 'upload-metadata': metadata },
  })
  const location = created.headers.get('location')
  if (created.status !== 201 || !location) throw new Error(`the upload was not made: ${created.status} ${await created.text()}`)
  const id = location.split('/').at(-1) as string
  const sent = await fetch(`${origin}/uploads/${id}`, {
    method: 'PATCH',
    headers: { ...headers, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    body: bytes as Uint8Array<ArrayBuffer>,
  })
  if (sent.status !== 204) throw new Error(`the upload was not taken: ${sent.status} ${await sent.text()}`)
  return id
}
