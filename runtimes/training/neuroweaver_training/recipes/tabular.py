"""The tabular recipes: read, train, evaluate, export, check."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import TrainingError
from ..evaluation.importance import importances
from ..evaluation.report import (
    classification_report, majority_baseline, mean_baseline, regression_report, worst_classified, worst_predicted,
)
from ..export.golden import TOLERANCE, tolerance_for
from ..export.graph import Graph
from ..export.tabular import add_inputs, signature
from ..export.tabular_golden import feeds, golden_cases, raw_row
from .context import Context, environment, threads
from .outputs import check_parity, write_model, write_results
from .previous import tabular_baseline
from .tabular_data import TabularData, load


def run(context: Context) -> None:
    """Trains the chosen algorithm and leaves the result files in the output folder."""
    learner = _learner(context)
    data = load(context)
    with context.phase('training', f'{len(data.split.train)} rows, {len(data.features)} features'):
        model = learner.train(context, data)
    with context.phase('evaluating'):
        evaluation = _evaluate(context, data, model)
    with context.phase('exporting'):
        graph = Graph()
        model.add_to(graph, add_inputs(graph, data.features))
        write_model(context, graph.model())
    with context.phase('checking_parity'):
        labels = data.target.labels
        cases = golden_cases(data.table, data.features, data.split.test, model.predict, labels)
        tolerance = TOLERANCE if labels else tolerance_for(data.target.numbers)
        parity = check_parity(context, cases, tolerance, feeds)
    task = context.spec['recipe']
    manifest: dict[str, Any] = {'format': 1, 'kind': 'tabular', 'task': task, 'model': 'model.onnx',
                                'signature': signature(data.features, labels or None)}
    if labels:
        manifest['labels'] = labels
    write_results(context, manifest, cases, evaluation, parity, environment(model.device, threads(), model.libraries))


def _learner(context: Context) -> Any:
    if context.params['algorithm'] == 'mlp':
        from . import mlp_learner
        return mlp_learner
    from . import lightgbm_learner
    if context.spec['device'] == 'cuda':
        raise TrainingError('resource_unavailable', 'LightGBM is trained on the CPU: choose the device auto or cpu, or the algorithm mlp')
    return lightgbm_learner


def _evaluate(context: Context, data: TabularData, model: Any) -> dict[str, Any]:
    test, target = data.split.test, data.target
    answer = model.predict(data.x[test])
    rest = np.concatenate([data.split.train, data.split.validation])
    if target.is_classes:
        truth = target.codes[test]
        report = classification_report(truth, answer, target.labels, context.seed)
        baseline: dict[str, Any] = {'majority': majority_baseline(target.codes[rest], truth, len(target.labels))}
        worst = [_wrong(data, int(place), answer[place]) for place in worst_classified(truth, answer)]
    else:
        truth = target.numbers[test]
        report = regression_report(truth, answer, context.seed)
        baseline = {'mean': mean_baseline(target.numbers[rest], truth)}
        worst = [_missed(data, int(place), float(answer[place])) for place in worst_predicted(truth, answer)]
    previous = tabular_baseline(context, data)
    if previous:
        baseline['previous_version'] = previous
    return {
        'primary_metric': 'macro_f1' if target.is_classes else 'rmse', **report, 'baseline': baseline, 'worst_errors': worst,
        'feature_importance': importances(data.x[test], truth, data.features, model, target.is_classes, context.seed),
        'data': _facts(context, data), 'split': _split(context, data),
    }


def _wrong(data: TabularData, place: int, probabilities: np.ndarray) -> dict[str, Any]:
    row, labels = int(data.split.test[place]), data.target.labels
    guess = int(probabilities.argmax())
    return {**data.table.place(row), 'truth': labels[data.target.codes[row]], 'prediction': labels[guess],
            'probability': float(probabilities[guess]), 'inputs': _shown(data, row)}


def _missed(data: TabularData, place: int, prediction: float) -> dict[str, Any]:
    row = int(data.split.test[place])
    return {**data.table.place(row), 'truth': float(data.target.numbers[row]), 'prediction': prediction, 'inputs': _shown(data, row)}


def _shown(data: TabularData, row: int) -> dict[str, Any]:
    raw = raw_row(data.table, data.features[:50], row)
    return {name: None if value != value else value for name, value in raw.items()}


def _facts(context: Context, data: TabularData) -> dict[str, Any]:
    dataset = context.spec['dataset']
    return {'name': dataset['name'], 'version': dataset['version'], 'digest': dataset['digest'], **data.facts,
            'target': data.target.name, 'features': [feature.name for feature in data.features], 'excluded': data.excluded}


def _split(context: Context, data: TabularData) -> dict[str, Any]:
    split = data.split
    return {'method': split.method, 'seed': context.seed, 'train': len(split.train), 'validation': len(split.validation),
            'test': len(split.test)}
