import { Upload } from 'tus-js-client'

/** Uploads bytes by tus. @returns the upload's id. */
export function uploadBytes(origin: string, apiKey: string, filename: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: `${origin}/uploads`,
      headers: { authorization: `Bearer ${apiKey}` },
      metadata: { filename },
      retryDelays: [0, 500, 2_000],
      onError: reject,
      onSuccess: () => resolve(new URL(upload.url as string, origin).pathname.split('/').at(-1) as string),
    })
    upload.start()
  })
}
