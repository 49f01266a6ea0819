"""A byte-level BPE tokenizer trained on the job's own texts, in the format that other languages load too."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SPECIALS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
PAD_ID = 0


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Lower case, split at spaces and punctuation, pieces of bytes: nothing is unknown. The same texts give the same pieces,
    which the trainer of WordPiece does not hold to, because it numbers its word parts in the order of a hash table."""
    tokenizer = Tokenizer(models.BPE())
    # Other languages lower a capital sigma by its place in the word; turned small before, it is the same everywhere.
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace('Σ', 'σ'), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=max(vocabulary, len(alphabet) + len(SPECIALS)), min_frequency=2, special_tokens=SPECIALS,
                                  initial_alphabet=alphabet, show_progress=False)
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
