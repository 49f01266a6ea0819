"""The exported trees against LightGBM's own answers, where they differ most easily."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto

from neuroweaver_training.export.graph import Graph
from neuroweaver_training.export.trees import add_trees, rounded_down

ROWS, FEATURES = 3000, 6


def table(seed: int, with_missing: bool) -> np.ndarray:
    """Columns with ties, large and tiny values, zeros, a constant, and missing values in some of them."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(ROWS, FEATURES))
    x[:, 1] = np.round(x[:, 1])
    x[:, 2] *= 1e6
    x[:, 3] = np.where(random.random(ROWS) < 0.5, 0, x[:, 3] * 1e-6)
    x[:, 4] = 1
    if with_missing:
        x[random.random(x.shape) < 0.15] = np.nan
        x[:, 0] = np.nan_to_num(x[:, 0])
    return x.astype(np.float32)


def booster(x: np.ndarray, objective: str, classes: int, rounds: int = 120) -> lightgbm.Booster:
    random = np.random.default_rng(1)
    signal = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1]) ** 2 + np.isnan(x[:, 2]) + random.normal(size=len(x)) * 0.3
    y = signal if objective == 'regression' else np.digitize(signal, np.quantile(signal, np.linspace(0, 1, classes + 1)[1:-1]))
    params: dict[str, Any] = {'objective': objective, 'num_leaves': 31, 'verbosity': -1, 'num_threads': 1, 'deterministic': True}
    if classes > 2:
        params['num_class'] = classes
    return lightgbm.train(params, lightgbm.Dataset(x, y), rounds)


def exported(model: lightgbm.Booster, scores: int) -> onnxruntime.InferenceSession:
    graph = Graph()
    matrix = graph.input('x', TensorProto.FLOAT, ['N', FEATURES])
    graph.output('scores', add_trees(graph, matrix, model.model_to_string(), scores), TensorProto.FLOAT, ['N', scores])
    return onnxruntime.InferenceSession(graph.model().SerializeToString(), providers=['CPUExecutionProvider'])


def thresholds(model: lightgbm.Booster) -> np.ndarray:
    """Rows that stand exactly on, just under and just over thresholds of the model."""
    found = [(line.split('=')[0], np.array(line.split('=')[1].split(), float)) for line in model.model_to_string().splitlines()
             if line.startswith(('split_feature=', 'threshold='))]
    pairs = {(int(feature), value) for (_, features), (_, values) in zip(found[::2], found[1::2])
             for feature, value in zip(features, values)}
    rows = []
    for feature, value in sorted(pairs)[:1500]:
        near = np.float32(min(value, 3e38))
        for exact in (near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))):
            row = np.zeros(FEATURES, np.float32)
            row[feature] = exact
            rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize('with_missing', [True, False])
@pytest.mark.parametrize('objective, classes', [('binary', 2), ('multiclass', 4), ('regression', 0)])
def test_every_row_falls_into_the_same_leaf(objective: str, classes: int, with_missing: bool) -> None:
    model = booster(table(0, with_missing), objective, classes)
    scores = classes if classes > 2 else 1
    session = exported(model, scores)
    unseen = table(7, True)
    unseen[:50] = np.nan
    unseen[50:60] = np.float32(1e30)
    rows = np.concatenate([unseen, thresholds(model)])
    expected = np.asarray(model.predict(rows, raw_score=True)).reshape(len(rows), scores)
    actual = session.run(None, {'x': rows})[0]
    assert np.abs(expected - actual).max() < 1e-4


def test_a_tree_without_a_split_is_its_value() -> None:
    x = np.ones((100, FEATURES), np.float32)
    model = booster(x, 'regression', 0, 3)
    assert exported(model, 1).run(None, {'x': x})[0][0, 0] == pytest.approx(model.predict(x)[0], abs=1e-6)


def test_thresholds_are_rounded_towards_minus_infinity() -> None:
    values = np.array([0.1, -0.1, 1e300, -1e300, 16777217.0, 1e-46, -1e-46, 0.5, 1.7976931348623157e308])
    rounded = rounded_down(values)
    assert rounded.dtype == np.float32
    assert all(float(small) <= large for small, large in zip(rounded, values))
    with np.errstate(over='ignore'):
        above = np.nextafter(rounded, np.float32(np.inf)).astype(float)
    assert all(above > values)
