import { Tokenizer } from '@huggingface/tokenizers'

export type Encoded = { inputIds: BigInt64Array; attentionMask: BigInt64Array; length: number }

type TokenizerConfig = { pad_token?: string | { content: string } | null; truncation_side?: string }
type TokenizerFile = { padding?: { pad_id?: number } | null }

/**
 * Tokenises as Hugging Face's `tokenizer(texts, truncation=True, max_length=N, padding='longest')` does.
 * The library has no truncation: the text's own tokens are cut and the special ones put back around them,
 * because cutting after the special ones were added would lose the last of them.
 */
export class TextEncoder {
  readonly #tokenizer: Tokenizer
  readonly #maxLength: number
  readonly #leading: number[]
  readonly #trailing: number[]
  readonly #padId: number
  readonly #keepsEnd: boolean

  constructor(tokenizerJson: object, config: object, maxLength: number) {
    this.#tokenizer = new Tokenizer(tokenizerJson, config)
    this.#maxLength = maxLength
    const around = specialTokens(this.#tokenizer)
    this.#leading = around.leading
    this.#trailing = around.trailing
    this.#padId = padIdOf(this.#tokenizer, tokenizerJson as TokenizerFile, config as TokenizerConfig)
    this.#keepsEnd = (config as TokenizerConfig).truncation_side === 'left'
  }

  /** @returns ids and mask of shape [texts, length], row-major, padded to the longest. */
  encode(texts: readonly string[]): Encoded {
    const rows = texts.map((text) => this.#encodeOne(text))
    const length = Math.max(1, ...rows.map((row) => row.length))
    const inputIds = new BigInt64Array(rows.length * length).fill(BigInt(this.#padId))
    const attentionMask = new BigInt64Array(rows.length * length)
    for (const [index, row] of rows.entries()) {
      for (const [position, token] of row.entries()) inputIds[index * length + position] = BigInt(token)
      attentionMask.fill(1n, index * length, index * length + row.length)
    }
    return { inputIds, attentionMask, length }
  }

  #encodeOne(text: string): number[] {
    const { ids } = this.#tokenizer.encode(text, { add_special_tokens: false })
    const room = Math.max(0, this.#maxLength - this.#leading.length - this.#trailing.length)
    const kept = ids.length <= room ? ids : this.#keepsEnd ? ids.slice(ids.length - room) : ids.slice(0, room)
    return [...this.#leading, ...kept, ...this.#trailing]
  }
}

/** Finds what the post-processor puts before and after a text by encoding a probe with and without it. */
function specialTokens(tokenizer: Tokenizer): { leading: number[]; trailing: number[] } {
  const probe = 'a'
  const bare = tokenizer.encode(probe, { add_special_tokens: false }).ids
  const whole = tokenizer.encode(probe, { add_special_tokens: true }).ids
  const added = whole.length - bare.length
  for (let before = 0; before <= added; before++) {
    if (bare.every((token, index) => whole[before + index] === token)) {
      return { leading: whole.slice(0, before), trailing: whole.slice(before + bare.length) }
    }
  }
  throw new Error('the tokenizer changes the text when it adds its special tokens')
}

function padIdOf(tokenizer: Tokenizer, file: TokenizerFile, config: TokenizerConfig): number {
  const name = typeof config.pad_token === 'object' ? config.pad_token?.content : config.pad_token
  const named = name ? tokenizer.token_to_id(name) : undefined
  return named ?? file.padding?.pad_id ?? 0
}
