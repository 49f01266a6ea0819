/** Why a connection failed, for people who do not read the codes of system calls; the code stays, to be looked up. */

const byCode: Record<string, (host: string) => string> = {
  ENOTFOUND: (host) => `The host ${host} was not found`,
  EAI_AGAIN: (host) => `No name server could say where ${host} is`,
  ECONNREFUSED: (host) => `The host ${host} refused the connection: nothing listens there`,
  ECONNRESET: (host) => `The host ${host} broke the connection off`,
  ETIMEDOUT: (host) => `The host ${host} did not answer in time`,
  EHOSTUNREACH: (host) => `The host ${host} can not be reached from here`,
  ENETUNREACH: (host) => `The network of ${host} can not be reached from here`,
  CERT_HAS_EXPIRED: (host) => `The certificate of ${host} has expired`,
  ERR_TLS_CERT_ALTNAME_INVALID: (host) => `The certificate of ${host} is for another name`,
  DEPTH_ZERO_SELF_SIGNED_CERT: (host) => `The certificate of ${host} is signed by itself alone, so it is not trusted`,
  SELF_SIGNED_CERT_IN_CHAIN: (host) => `The certificate of ${host} comes from an authority that is not trusted here`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: (host) => `The certificate of ${host} could not be checked: it comes without those in between`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: (host) => `The certificate of ${host} comes from an authority that is not known here`,
}

/** The code of an error, of what caused it, or, where a mail client put its own in front, of its message. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code } = error as NodeJS.ErrnoException
  if (code !== undefined && code in byCode) return code
  return codeOf(error.cause) ?? Object.keys(byCode).find((known) => error.message.includes(` ${known} `))
}

/** @returns undefined for what is no fault of the network. Of the address its host alone is told: the rest may be a password. */
export function networkReason(error: unknown, address: string): string | undefined {
  const code = codeOf(error)
  if (code === undefined || !URL.canParse(address)) return undefined
  return `${byCode[code]?.(new URL(address).host)} (${code}).`
}
