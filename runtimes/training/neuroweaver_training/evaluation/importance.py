"""Which features the model leans on: the trees' own gain, and how much worse it gets with a feature shuffled."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.features import Feature
from .metrics import classification_metrics, regression_metrics

ROWS = 1000
PERMUTED = 30


def importances(x: np.ndarray, truth: np.ndarray, features: list[Feature], model: Any, is_classes: bool, seed: int) -> list[dict[str, Any]]:
    """Each feature with `gain` (share of the whole; None for an MLP) and `permutation`: the loss of macro-F1, or the rise
    of RMSE; None beyond the `PERMUTED` with the most gain. The largest first."""
    random = np.random.default_rng(seed)
    rows = random.permutation(len(x))[:ROWS]
    x, truth = x[rows], truth[rows]
    gain = model.gain()
    shares = None if gain is None else gain / max(float(gain.sum()), 1e-30)
    candidates = range(len(features)) if shares is None else np.argsort(-shares, kind='stable')
    before = _score(model.predict(x), truth, is_classes)
    permuted = {}
    for position in list(candidates)[:PERMUTED]:
        shuffled = x.copy()
        shuffled[:, position] = random.permutation(x[:, position])
        permuted[int(position)] = before - _score(model.predict(shuffled), truth, is_classes)
    found = [{'feature': feature.name, 'gain': None if shares is None else float(shares[position]),
              'permutation': permuted.get(position)} for position, feature in enumerate(features)]
    key = 'permutation' if shares is None else 'gain'
    return sorted(found, key=lambda entry: -(entry[key] or 0.0))


def _score(answer: np.ndarray, truth: np.ndarray, is_classes: bool) -> float:
    """Larger is better."""
    if is_classes:
        return classification_metrics(truth, answer)['macro_f1'] or 0.0
    return -(regression_metrics(truth, answer)['rmse'] or 0.0)
