"""The text recipe: tokenizer, encoder, evaluation, export."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from ..evaluation.report import classification_report, majority_baseline, worst_classified
from ..export.golden import TOLERANCE
from ..export.tabular import outputs
from ..files import write_atomically
from .context import Context, environment, threads
from .outputs import check_parity, write_model, write_results
from .text_base import Base, load_base, previous_metrics
from .text_data import TextData, load
from .text_golden import feeds, golden_cases
from .text_learner import TextModel, train
from .text_model import export
from .text_tokenizer import train_tokenizer
from .torch_device import choose_device, libraries, make_repeatable

TOKENIZER = 'tokenizer.json'
SHOWN_CHARACTERS = 500


def run(context: Context) -> None:
    """Trains an encoder, from scratch or from the base version, and leaves the result files in the output folder."""
    device = choose_device(context)
    make_repeatable(context.seed)
    data = load(context)
    base = load_base(context)
    tokenizer = base.tokenizer if base else _tokenizer(context, data)
    write_atomically(context.out / TOKENIZER, tokenizer.to_str().encode())
    with context.phase('training', f'{len(data.split.train)} texts, {len(data.target.labels)} classes'):
        model = train(context, data, tokenizer, base, device)
    with context.phase('evaluating'):
        evaluation = _evaluate(context, data, model, base)
    with context.phase('exporting'):
        write_model(context, export(model.encoder.to('cpu')))
        model.device = torch.device('cpu')
    with context.phase('checking_parity'):
        cases = golden_cases(data, model)
        written = Tokenizer.from_file(str(context.out / TOKENIZER))
        parity = check_parity(context, cases, TOLERANCE, feeds(written, model.max_length), lambda answer: _answers(answer, data))
    manifest = _manifest(data, model)
    write_results(context, manifest, cases, evaluation, parity, environment(device.type, threads(), libraries()), (TOKENIZER,))


def _tokenizer(context: Context, data: TextData) -> Tokenizer:
    loaded = context.checkpoints.load()
    if loaded and TOKENIZER in loaded[1]:
        return Tokenizer.from_str(loaded[1][TOKENIZER].decode())
    with context.phase('tokenizing', 'Training a tokenizer on the texts'):
        tokenizer = train_tokenizer((data.texts[row] for row in data.split.train), context.params['vocabulary_size'])
    context.emit.log(f'The tokenizer has {tokenizer.get_vocab_size()} pieces.')
    return tokenizer


def _evaluate(context: Context, data: TextData, model: TextModel, base: Base | None) -> dict[str, Any]:
    test, target = data.split.test, data.target
    truth, probabilities = target.codes[test], model.predict([data.texts[row] for row in test])
    rest = np.concatenate([data.split.train, data.split.validation])
    baseline: dict[str, Any] = {'majority': majority_baseline(target.codes[rest], truth, len(target.labels))}
    previous = previous_metrics(context, data, base)
    if previous:
        baseline['previous_version'] = previous
    dataset, split = context.spec['dataset'], data.split
    return {
        'primary_metric': 'macro_f1', **classification_report(truth, probabilities, target.labels, context.seed), 'baseline': baseline,
        'worst_errors': [_wrong(data, int(test[place]), probabilities[place]) for place in worst_classified(truth, probabilities)],
        'training': model.facts,
        'data': {'name': dataset['name'], 'version': dataset['version'], 'digest': dataset['digest'], **data.facts,
                 'target': target.name, 'features': [data.column], 'excluded': []},
        'split': {'method': split.method, 'seed': context.seed, 'train': len(split.train), 'validation': len(split.validation),
                  'test': len(split.test)},
    }


def _wrong(data: TextData, row: int, probabilities: np.ndarray) -> dict[str, Any]:
    guess = int(probabilities.argmax())
    return {**data.table.place(row), 'truth': data.target.labels[data.target.codes[row]], 'prediction': data.target.labels[guess],
            'probability': float(probabilities[guess]), 'inputs': {data.column: data.texts[row][:SHOWN_CHARACTERS]}}


def _answers(answer: dict[str, np.ndarray], data: TextData) -> dict[str, np.ndarray]:
    """The graph's logits as the runtime answers them."""
    logits = answer['logits'].astype(np.float64)
    shares = np.exp(logits - logits.max(1, keepdims=True))
    probabilities = shares / shares.sum(1, keepdims=True)
    labels = np.array([[data.target.labels[code]] for code in probabilities.argmax(1)], dtype=object)
    return {'label': labels, 'probabilities': probabilities.astype(np.float32)}


def _manifest(data: TextData, model: TextModel) -> dict[str, Any]:
    example = data.texts[int(data.split.train[0])][:SHOWN_CHARACTERS]
    return {
        'format': 1, 'kind': 'text', 'task': 'text-classification', 'model': 'model.onnx', 'labels': data.target.labels,
        'signature': {'inputs': [{'name': 'text', 'datatype': 'BYTES', 'shape': [-1, 1], 'hint': {'example': example}}],
                      'outputs': outputs(data.target.labels)},
        'tokenizer': {'file': TOKENIZER, 'max_length': model.max_length},
    }
