/** From a path to its routes. Built once: a lookup walks one node a segment. */
import type { Route } from './route.ts'

type Node = { fixed: Map<string, Node>; any: Node | undefined; rest: Node | undefined; routes: Map<string, Entry> }
type Entry = { route: Route; names: string[] }
/** Routes of one address by method, with the raw values of the braces in the order of the path. */
export type Match = { routes: Map<string, Entry>; values: string[] }

const emptyNode = (): Node => ({ fixed: new Map(), any: undefined, rest: undefined, routes: new Map() })

/** Takes the rest of the address, slashes and all. */
const restName = 'path'

function insert(root: Node, route: Route): void {
  const names: string[] = []
  let node = root
  for (const part of route.path.split('/').slice(1)) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name) names.push(name)
    node = name === undefined ? child(node, part) : branch(node, name === restName ? 'rest' : 'any')
  }
  if (node.routes.has(route.method)) throw new Error(`${route.method} ${route.path} stands twice in the table`)
  node.routes.set(route.method, { route, names })
}

function child(node: Node, part: string): Node {
  const found = node.fixed.get(part) ?? emptyNode()
  node.fixed.set(part, found)
  return found
}

function branch(node: Node, kind: 'any' | 'rest'): Node {
  node[kind] ??= emptyNode()
  return node[kind]
}

function walk(node: Node, parts: readonly string[], at: number, values: string[]): Match | undefined {
  if (at === parts.length) return node.routes.size > 0 ? { routes: node.routes, values } : undefined
  const part = parts[at] as string
  const fixed = node.fixed.get(part)
  const found = fixed && walk(fixed, parts, at + 1, values)
  if (found) return found
  const taken = node.any && part !== '' ? walk(node.any, parts, at + 1, [...values, part]) : undefined
  if (taken) return taken
  return node.rest ? { routes: node.rest.routes, values: [...values, parts.slice(at).join('/')] } : undefined
}

/** @returns a function from a path that begins with `/` to the routes of that address. */
export function buildMatcher(routes: readonly Route[]): (path: string) => Match | undefined {
  const root = emptyNode()
  for (const route of routes) insert(root, route)
  return (path) => walk(root, path.split('/').slice(1), 0, [])
}
