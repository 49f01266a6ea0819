"""The files of a finished run, and the gate before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import ModelProto

from ..errors import TrainingError
from ..export.golden import difference, open_session, parity_of
from ..files import write_atomically, write_json
from .context import Context

Arrays = dict[str, np.ndarray]
Feeds = Callable[[list[dict[str, Any]]], Arrays]
Answers = Callable[[Arrays], Arrays]
MODEL, MANIFEST, GOLDEN, EVALUATION, RESULT = 'model.onnx', 'neuroweaver.json', 'golden.json', 'evaluation.json', 'result.json'


def write_model(context: Context, model: ModelProto) -> None:
    write_atomically(context.out / MODEL, model.SerializeToString(deterministic=True))


def check_parity(context: Context, cases: list[dict[str, Any]], tolerance: float, feeds: Feeds,
                 answers: Answers = lambda answer: answer) -> dict[str, Any]:
    """Recomputes the golden cases with onnxruntime. `feeds` makes the graph's inputs of a case's, `answers` the contract's
    outputs of the graph's. Raises `parity` when they differ."""
    session = open_session(context.out / MODEL)
    names = [output.name for output in session.get_outputs()]
    differences = []
    for case in cases:
        answer = answers(dict(zip(names, session.run(None, feeds(case['inputs'])))))
        differences.append((case['name'], *difference(case['outputs'], answer)))
    record = parity_of(differences, tolerance)
    if not record['passed']:
        raise TrainingError('parity', f'The exported model does not answer as the trained one: {record["reason"]}')
    context.emit.log(f'Parity: {record["cases"]} cases, largest difference {record["max_abs_error"]:.2e}.')
    return record


def write_results(context: Context, manifest: dict[str, Any], cases: list[dict[str, Any]], evaluation: dict[str, Any],
                  parity: dict[str, Any], environment: dict[str, Any], extra_files: tuple[str, ...] = ()) -> None:
    """Writes the manifest, the golden cases, the evaluation, and last the result that tells the agent that all is there."""
    metrics = {name: figure['value'] for name, figure in evaluation['metrics'].items()}
    write_json(context.out / MANIFEST, manifest)
    write_json(context.out / GOLDEN, {'format': 1, 'tolerance': parity['tolerance'], 'cases': cases})
    whole = {'format': 1, 'recipe': context.spec['recipe'], **evaluation, 'timings': context.timings, 'parity': parity,
             'environment': environment}
    write_json(context.out / EVALUATION, whole)
    files = [MODEL, MANIFEST, GOLDEN, EVALUATION, *extra_files]
    write_json(context.out / RESULT, {'files': files, 'signature': manifest['signature'], 'metrics': metrics, 'parity': parity,
                                      'environment': environment})
    context.emit.log('Results: ' + ', '.join(f'{name} {value:.4g}' for name, value in metrics.items() if value is not None))
