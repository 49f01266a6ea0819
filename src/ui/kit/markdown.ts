export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'list'; isOrdered: boolean; items: string[] }
export type Inline = { kind: 'text' | 'code' | 'strong' | 'em'; text: string } | { kind: 'link'; text: string; href: string }

const bullet = /^\s*[-*+]\s+(.*)$/
const numbered = /^\s*\d+[.)]\s+(.*)$/
const heading = /^#{1,6}\s+(.*)$/
const fence = /^\s*```/

const startsBlock = (line: string) =>
  line.trim() === '' || heading.test(line) || bullet.test(line) || numbered.test(line) || fence.test(line)

/** The blocks of a text in a small part of Markdown: headings, paragraphs, lists, fenced code. */
export function parseBlocks(text: string): Block[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const blocks: Block[] = []
  let at = 0
  const take = (test: (line: string) => boolean) => {
    const from = at
    while (at < lines.length && test(lines[at] as string)) at++
    return lines.slice(from, at)
  }
  while (at < lines.length) {
    const line = lines[at] as string
    const title = heading.exec(line)
    if (line.trim() === '') at++
    else if (fence.test(line)) {
      at++
      blocks.push({ kind: 'code', text: take((each) => !fence.test(each)).join('\n') })
      at++
    } else if (title) {
      blocks.push({ kind: 'heading', text: title[1] as string })
      at++
    } else if (bullet.test(line) || numbered.test(line)) {
      const pattern = bullet.test(line) ? bullet : numbered
      blocks.push({
        kind: 'list',
        isOrdered: pattern === numbered,
        items: take((each) => pattern.test(each)).map((each) => pattern.exec(each)?.[1] ?? ''),
      })
    } else blocks.push({ kind: 'paragraph', text: take((each) => !startsBlock(each)).join(' ') })
  }
  return blocks
}

const inline = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g

/** Code, bold, emphasis and links to http(s) inside a line; all else is text. */
export function parseInline(text: string): Inline[] {
  const parts: Inline[] = []
  let end = 0
  for (const match of text.matchAll(inline)) {
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    const [whole, code, strong, em, label, href] = match
    if (code !== undefined) parts.push({ kind: 'code', text: code })
    else if (strong !== undefined) parts.push({ kind: 'strong', text: strong })
    else if (em !== undefined) parts.push({ kind: 'em', text: em })
    else parts.push({ kind: 'link', text: label ?? '', href: href ?? '' })
    end = match.index + whole.length
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}
