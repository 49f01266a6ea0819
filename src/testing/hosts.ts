/** Machines of their own on one network, as network namespaces: whoever runs in one reaches web by its address and nothing else. */
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })

/** Why there can be no namespaces here; undefined when there can. */
export function whyNoHosts(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const probe = `nw-probe-${process.pid}`
  try {
    ip('netns', 'add', probe)
    ip('netns', 'delete', probe)
    return undefined
  } catch (error) {
    return `network namespaces cannot be made here: ${(error as Error).message.split('\n')[0]}`
  }
}

export type Host = {
  name: string
  /** What stands before a command so that it runs there. */
  prefix: string[]
  /** Pulls and plugs the cable. */
  setConnected: (isConnected: boolean) => void
}

export type Network = { webAddress: string; addHost: () => Host; remove: () => void }

/** A bridge that this machine is on too. */
export function makeNetwork(): Network {
  const id = `nw${process.pid % 10_000}${randomInt(10)}`
  const subnet = `10.${randomInt(200, 250)}.${randomInt(1, 250)}`
  const bridge = `${id}b`
  const hosts: string[] = []
  ip('link', 'add', bridge, 'type', 'bridge')
  ip('addr', 'add', `${subnet}.1/24`, 'dev', bridge)
  ip('link', 'set', bridge, 'up')
  const addHost = (): Host => {
    const number = hosts.length + 1
    const [name, outside] = [`${id}h${number}`, `${id}v${number}`]
    ip('netns', 'add', name)
    hosts.push(name)
    ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    ip('link', 'set', outside, 'master', bridge)
    ip('link', 'set', outside, 'up')
    ip('-n', name, 'link', 'set', 'lo', 'up')
    ip('-n', name, 'addr', 'add', `${subnet}.${number + 1}/24`, 'dev', 'eth0')
    ip('-n', name, 'link', 'set', 'eth0', 'up')
    const setConnected = (isConnected: boolean) => void ip('link', 'set', outside, isConnected ? 'up' : 'down')
    return { name, prefix: ['ip', 'netns', 'exec', name], setConnected }
  }
  const remove = () => {
    for (const name of hosts) ip('netns', 'delete', name)
    ip('link', 'delete', bridge)
  }
  return { webAddress: `${subnet}.1`, addHost, remove }
}
