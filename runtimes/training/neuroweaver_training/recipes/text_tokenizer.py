"""A WordPiece tokenizer trained on the job's own texts, in the format that other languages load too."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SPECIALS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
PAD_ID = 0


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Lower case, split at spaces and punctuation, pieces with at least two occurrences."""
    tokenizer = Tokenizer(models.WordPiece(unk_token='[UNK]', max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix='##')
    trainer = trainers.WordPieceTrainer(vocab_size=vocabulary, min_frequency=2, special_tokens=SPECIALS, show_progress=False,
                                        limit_alphabet=1000)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single='[CLS] $A [SEP]', pair='[CLS] $A [SEP] $B:1 [SEP]:1', special_tokens=[('[CLS]', 2), ('[SEP]', 3)])
    return tokenizer


def encode_texts(tokenizer: Tokenizer, texts: list[str], max_length: int) -> list[np.ndarray]:
    """Token ids of each text with [CLS] and [SEP], cut to `max_length` in all: the end of a text is lost, never [SEP]."""
    cls, sep = tokenizer.token_to_id('[CLS]'), tokenizer.token_to_id('[SEP]')
    found = []
    for start in range(0, len(texts), 1000):
        for encoding in tokenizer.encode_batch_fast(texts[start:start + 1000], add_special_tokens=False):
            found.append(np.array([cls, *encoding.ids[: max_length - 2], sep], np.int64))
    return found


def padded(rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Ids and mask, INT64 [rows, longest]."""
    longest = max(map(len, rows))
    ids, mask = np.full((len(rows), longest), PAD_ID, np.int64), np.zeros((len(rows), longest), np.int64)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    return ids, mask
