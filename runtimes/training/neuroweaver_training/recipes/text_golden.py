"""Golden cases of a text model: real texts, and those that go wrong most easily."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from ..export.golden import Tensor, class_outputs, tensor
from .text_data import TextData
from .text_learner import TextModel
from .text_tokenizer import encode_texts, padded

BATCH = 8


def _cases(data: TextData, max_length: int) -> list[tuple[str, list[str]]]:
    texts = [data.texts[row] for row in data.split.test]
    shortest, longest = min(texts, key=len), max(texts, key=len)
    whole = ' '.join(texts[:BATCH]) + ' '
    truncated = whole * (1 + max_length * 8 // len(whole))
    return [
        ('test text', texts[:1]), ('shortest', [shortest]), ('longest', [longest]), ('batch', (texts * BATCH)[:BATCH]),
        ('empty', ['']), ('only spaces', ['  \t\n ']), ('truncated', [truncated]),
        ('non-ASCII', ['Zürich – 東京 🚲 ÀÉÎ ñandú ŠĐ']), ('unknown words', ['qzxv wqxyz ᚠᛇᚻ ' + 'x' * 150]),
        ('capitals and punctuation', [texts[0].upper() + '!?… (a,b);"c" x_y=1.5e-3']), ('special tokens', ['[CLS] and [SEP] [PAD]']),
        ('long beside short', [truncated, shortest, '']),
    ]


def golden_cases(data: TextData, model: TextModel) -> list[dict[str, Any]]:
    """The cases with torch's answers."""
    found = []
    for name, texts in _cases(data, model.max_length):
        inputs = [tensor('text', 'BYTES', np.array([[text] for text in texts], dtype=object))]
        found.append({'name': name, 'inputs': inputs, 'outputs': class_outputs(model.predict(texts), data.target.labels)})
    return found


def feeds(tokenizer: Tokenizer, max_length: int) -> Callable[[list[Tensor]], dict[str, np.ndarray]]:
    """What the graph is fed for a case, by the tokenizer as it was written to its file."""
    def feed(inputs: list[Tensor]) -> dict[str, np.ndarray]:
        ids, mask = padded(encode_texts(tokenizer, inputs[0]['data'], max_length))
        return {'input_ids': ids, 'attention_mask': mask}
    return feed
