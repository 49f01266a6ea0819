import type { RuntimeView } from '#src/contracts/access.ts'

export type Joining = {
  kind: RuntimeView['kind']
  /** Origin at which the other machine reaches web. */
  origin: string
  /** Empty as long as none was typed. */
  name: string
  token: string
}

const tokenPlace = 'PUT-THE-RUNTIME-TOKEN-HERE'
const namePlace = 'THIS-MACHINE'

/** A word of a shell command, whatever is in it. */
const quote = (text: string): string => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** What joins on a machine with Node 20 or newer. */
export function npmCommand({ kind, origin, name, token }: Joining): string {
  const parts = [
    `npm exec --yes --package=${quote(`${origin}/dist/neuroweaver.tgz`)} -- neuroweaver runtime join ${quote(origin)}`,
    `--kind ${kind}`,
    ...(name ? [`--name ${quote(name)}`] : []),
    `--token ${quote(token || tokenPlace)}`,
  ]
  return parts.join(' \\\n  ')
}

/** What joins on a machine with Docker and the image of that kind. */
export function dockerCommand({ kind, origin, name, token }: Joining): string {
  const parts = [
    `docker run -d --init --restart unless-stopped --name neuroweaver-${kind} -v neuroweaver-${kind}:/data`,
    `-e NEUROWEAVER_CONTROL_URL=${quote(origin)}`,
    `-e NEUROWEAVER_RUNTIME_NAME=${quote(name || namePlace)}`,
    `-e RUNTIME_TOKEN=${quote(token || tokenPlace)}`,
    ...(kind === 'inference' ? [`-p 3001:3001 -e NEUROWEAVER_INFERENCE_URL=http://${namePlace}:3001`] : []),
    `neuroweaver/${kind}`,
  ]
  return parts.join(' \\\n  ')
}

/** True for an origin that means another machine over there than here. */
export const isThisMachineOnly = (origin: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(new URL(origin).hostname)
