import { testModel } from './models.ts'

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'good', 'bad', 'film', 'was', 'the', '##s', 'très']
const idOf = (word: string) => words.indexOf(word)
const special = (content: string) => ({
  id: idOf(content),
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
})

/** A BERT tokenizer with twelve words, in the form of Hugging Face's tokenizer.json. */
export const tokenizerJson = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]'].map(special),
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: false, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [
      { SpecialToken: { id: '[CLS]', type_id: 0 } },
      { Sequence: { id: 'A', type_id: 0 } },
      { SpecialToken: { id: '[SEP]', type_id: 0 } },
    ],
    pair: [],
    special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] }, '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] } },
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(words.map((word, index) => [word, index])),
  },
}
export const tokenizerConfig = {
  tokenizer_class: 'BertTokenizer',
  pad_token: '[PAD]',
  unk_token: '[UNK]',
  cls_token: '[CLS]',
  sep_token: '[SEP]',
}

const scores = words.flatMap((word) => [word === 'bad' ? 2 : 0, word === 'good' ? 1 : 0])

/** logits = sum over the tokens that the mask lets through of their two scores: "bad" counts 2 for the first, "good" 1 for the second. */
export const textModel = () => ({
  ...testModel({
    inputs: [
      { name: 'input_ids', datatype: 'INT64', shape: ['batch_size', 'sequence_length'] },
      { name: 'attention_mask', datatype: 'INT64', shape: ['batch_size', 'sequence_length'] },
    ],
    outputs: [{ name: 'logits', datatype: 'FP32', shape: ['batch_size', 2] }],
    nodes: [
      { op: 'Gather', inputs: ['scores', 'input_ids'], outputs: ['each'], attributes: { axis: 0 } },
      { op: 'Cast', inputs: ['attention_mask'], outputs: ['mask'], attributes: { to: 1 } },
      { op: 'Unsqueeze', inputs: ['mask', 'last'], outputs: ['column'] },
      { op: 'Mul', inputs: ['each', 'column'], outputs: ['kept'] },
      { op: 'ReduceSum', inputs: ['kept', 'middle'], outputs: ['logits'], attributes: { keepdims: 0 } },
    ],
    initializers: [
      { name: 'scores', datatype: 'FP32', shape: [words.length, 2], data: scores },
      { name: 'last', datatype: 'INT64', shape: [1], data: [2] },
      { name: 'middle', datatype: 'INT64', shape: [1], data: [1] },
    ],
  }),
  signature: {
    inputs: [{ name: 'text', datatype: 'BYTES' as const, shape: [-1, 1] }],
    outputs: [
      { name: 'label', datatype: 'BYTES' as const, shape: [-1, 1] },
      { name: 'probabilities', datatype: 'FP32' as const, shape: [-1, 2], labels: ['negative', 'positive'] },
    ],
  },
})
