"""Training an encoder on texts, and answering with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from ..errors import InvalidSpec
from ..evaluation.metrics import classification_metrics
from .context import Context
from .text_base import Base
from .text_data import TextData
from .text_model import Encoder, Shape
from .text_tokenizer import encode_texts, padded
from .torch_loop import Plan, fit

ANSWER_BATCH = 64
# Keeps the encoder from growing sure of the few texts it knows: validation loss and accuracy then peak together.
LABEL_SMOOTHING = 0.1


@dataclass
class TextModel:
    """An encoder with its tokenizer and limits."""

    encoder: Encoder
    tokenizer: Tokenizer
    max_length: int
    device: torch.device
    facts: dict[str, Any] = field(default_factory=dict)

    def predict(self, texts: list[str]) -> np.ndarray:
        """Probabilities FP64 [texts, classes]."""
        rows = encode_texts(self.tokenizer, texts, self.max_length)
        return logits_of(self.encoder, rows, self.device).softmax(1).numpy()


def logits_of(encoder: Encoder, rows: list[np.ndarray], device: torch.device) -> torch.Tensor:
    """FP64 [rows, classes]; rows of like length are computed together."""
    order = np.argsort([len(row) for row in rows], kind='stable')
    result = torch.empty(len(rows), encoder.shape.classes, dtype=torch.float64)
    encoder.eval()
    with torch.no_grad():
        for start in range(0, len(rows), ANSWER_BATCH):
            part = order[start:start + ANSWER_BATCH]
            ids, mask = (torch.from_numpy(value).to(device) for value in padded([rows[place] for place in part]))
            result[torch.from_numpy(part)] = encoder(ids, mask).double().cpu()
    return result


def train(context: Context, data: TextData, tokenizer: Tokenizer, base: Base | None, device: torch.device) -> TextModel:
    """Raises Stopped after a checkpoint."""
    params = context.params
    encoder, max_length = _encoder(context, data, tokenizer, base)
    encoder.to(device)
    rows = encode_texts(tokenizer, data.texts, max_length)
    codes = torch.from_numpy(data.target.codes.astype(np.int64)).to(device)
    weights = _class_weights(context, data, device)
    validation = data.split.validation

    def loss(part: np.ndarray) -> torch.Tensor:
        ids, mask = (torch.from_numpy(value).to(device) for value in padded([rows[row] for row in part]))
        return functional.cross_entropy(encoder(ids, mask), codes[part], weight=weights, label_smoothing=LABEL_SMOOTHING)

    def validate() -> dict[str, float]:
        answers = logits_of(encoder, [rows[row] for row in validation], device).softmax(1).numpy()
        figures = classification_metrics(data.target.codes[validation], answers)
        return {'loss': figures['log_loss'] or 0.0, 'accuracy': figures['accuracy'] or 0.0, 'macro_f1': figures['macro_f1'] or 0.0}

    plan = Plan(encoder, device, data.split.train, params['batch_size'], params['epochs'], params['learning_rate'],
                params['weight_decay'], params['patience'], loss, validate if len(validation) else None,
                np.array([len(row) for row in rows]), {'tokenizer.json': tokenizer.to_str().encode()})
    facts = fit(context, plan)
    facts['parameters'] = sum(value.numel() for value in encoder.parameters())
    return TextModel(encoder, tokenizer, max_length, device, facts)


def _encoder(context: Context, data: TextData, tokenizer: Tokenizer, base: Base | None) -> tuple[Encoder, int]:
    params, classes = context.params, len(data.target.labels)
    if base:
        return base.encoder(data.target.labels, params['dropout']), base.max_length
    if params['hidden_size'] % params['heads']:
        raise InvalidSpec(f'hyper_parameters.hidden_size: {params["hidden_size"]} is no multiple of {params["heads"]} heads')
    shape = Shape(tokenizer.get_vocab_size(), params['max_length'], params['hidden_size'], params['layers'], params['heads'], classes)
    return Encoder(shape, params['dropout']), params['max_length']


def _class_weights(context: Context, data: TextData, device: torch.device) -> torch.Tensor | None:
    if context.params['class_weight'] != 'balanced':
        return None
    counts = np.bincount(data.target.codes[data.split.train], minlength=len(data.target.labels))
    return torch.tensor(counts.sum() / (len(counts) * counts), dtype=torch.float32, device=device)
