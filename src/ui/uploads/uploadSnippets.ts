import type { Snippet } from '#src/ui/kit/CodeSnippet.tsx'

export type UploadSnippet = {
  /** Web's public origin. */
  origin: string
  /** Read from NEUROWEAVER_API_KEY when there is none. */
  key: string | null
  kind: 'model' | 'dataset'
}

const things = {
  model: { file: 'model.onnx', path: '/api/v1/models/register', name: 'my-model' },
  dataset: { file: 'data.csv', path: '/api/v1/datasets', name: 'my-data' },
}

function curl({ origin, key, kind }: UploadSnippet): string {
  const { file, path, name } = things[kind]
  const auth = `-H "Authorization: Bearer ${key ?? '$NEUROWEAVER_API_KEY'}"`
  return [
    `FILE=${file}`,
    `UPLOAD=$(curl -sS -D - -o /dev/null ${origin}/uploads ${auth} \\`,
    `  -H 'Tus-Resumable: 1.0.0' -H "Upload-Length: $(wc -c < $FILE | tr -d ' ')" \\`,
    `  -H "Upload-Metadata: filename $(printf %s $FILE | base64)" \\`,
    `  -H 'Content-Type: application/offset+octet-stream' --data-binary @$FILE \\`,
    `  | tr -d '\\r' | sed -n 's#^[Ll]ocation: .*/##p')`,
    `curl -sS ${origin}${path} ${auth} -H 'Content-Type: application/json' \\`,
    `  -d "{\\"name\\": \\"${name}\\", \\"files\\": [{\\"path\\": \\"$FILE\\", \\"upload_id\\": \\"$UPLOAD\\"}]}"`,
  ].join('\n')
}

function python({ origin, key, kind }: UploadSnippet): string {
  const { file, path, name } = things[kind]
  const secret = key ? JSON.stringify(key) : 'os.environ["NEUROWEAVER_API_KEY"]'
  return [
    'import base64, os, requests',
    '',
    `url, file = ${JSON.stringify(origin)}, ${JSON.stringify(file)}`,
    `auth = {"Authorization": "Bearer " + ${secret}}`,
    'with open(file, "rb") as content:',
    '    upload = requests.post(url + "/uploads", data=content, headers=auth | {',
    '        "Tus-Resumable": "1.0.0",',
    '        "Upload-Length": str(os.path.getsize(file)),',
    '        "Upload-Metadata": "filename " + base64.b64encode(file.encode()).decode(),',
    '        "Content-Type": "application/offset+octet-stream",',
    '    })',
    'upload.raise_for_status()',
    'upload_id = upload.headers["Location"].rsplit("/", 1)[-1]',
    `answer = requests.post(url + ${JSON.stringify(path)}, headers=auth, json={`,
    `    "name": ${JSON.stringify(name)}, "files": [{"path": file, "upload_id": upload_id}],`,
    '})',
    'print(answer.json())',
  ].join('\n')
}

/** How the same is done from a terminal or a program, with this installation's own address. */
export const uploadSnippets = (options: UploadSnippet): Snippet[] => [
  { label: 'curl', code: curl(options) },
  { label: 'Python', code: python(options) },
]
