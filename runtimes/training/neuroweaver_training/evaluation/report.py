"""The parts of `evaluation.json` that are drawn from answers on the test rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from .metrics import bootstrap, calibration, classification_metrics, confusion, per_class, regression_metrics

CURVE_POINTS = 200
WORST = 20
RESIDUAL_BINS = 30
MATRIX_CLASSES = 100


def classification_report(truth: np.ndarray, probabilities: np.ndarray, labels: list[str], seed: int) -> dict[str, Any]:
    """Metrics with intervals, per class, confusion matrix, calibration, and for two classes ROC and PR points."""
    matrix = confusion(truth, probabilities.argmax(1), len(labels))
    precision, recall, f1 = per_class(matrix)
    report: dict[str, Any] = {
        'metrics': bootstrap(classification_metrics, truth, probabilities, seed),
        'per_class': [
            {'label': label, 'precision': float(precision[code]), 'recall': float(recall[code]), 'f1': float(f1[code]),
             'support': int(matrix[code].sum())}
            for code, label in enumerate(labels)
        ],
        'calibration': calibration(truth, probabilities),
    }
    if len(labels) <= MATRIX_CLASSES:
        report['confusion_matrix'] = {'labels': labels, 'counts': matrix.tolist()}
    if len(labels) == 2 and 0 < (truth == 1).sum() < len(truth):
        report |= curves(truth == 1, probabilities[:, 1], labels[1])
    return report


def curves(is_positive: np.ndarray, score: np.ndarray, label: str) -> dict[str, Any]:
    """ROC and precision-recall points at each distinct score, thinned to `CURVE_POINTS`."""
    order = np.argsort(-score, kind='stable')
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    hits = np.cumsum(is_positive[order])[ends]
    guessed = ends + 1
    keep = np.unique(np.linspace(0, len(ends) - 1, min(CURVE_POINTS, len(ends))).round().astype(int))
    true_rate = hits / is_positive.sum()
    false_rate = (guessed - hits) / (~is_positive).sum()
    thresholds = score[order][ends]
    roc = [{'fpr': 0.0, 'tpr': 0.0, 'threshold': None}]
    roc += [{'fpr': float(false_rate[i]), 'tpr': float(true_rate[i]), 'threshold': float(thresholds[i])} for i in keep]
    pr = [{'precision': float(hits[i] / guessed[i]), 'recall': float(true_rate[i]), 'threshold': float(thresholds[i])} for i in keep]
    return {'positive_label': label, 'roc': roc, 'pr': pr}


def regression_report(truth: np.ndarray, prediction: np.ndarray, seed: int) -> dict[str, Any]:
    """Metrics with intervals, the histogram of residuals and a sample of (truth, prediction)."""
    residuals = prediction - truth
    counts, edges = np.histogram(residuals, RESIDUAL_BINS)
    rows = np.random.default_rng(seed).permutation(len(truth))[:500]
    return {
        'metrics': bootstrap(regression_metrics, truth, prediction, seed),
        'residuals': {
            'mean': float(residuals.mean()), 'std': float(residuals.std()),
            'histogram': {'edges': edges.tolist(), 'counts': counts.tolist()},
            'quantiles': dict(zip(('p05', 'p50', 'p95'), map(float, np.percentile(residuals, [5, 50, 95])))),
        },
        'sample': [{'truth': float(truth[row]), 'prediction': float(prediction[row])} for row in rows],
    }


def worst_classified(truth: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Positions of wrong guesses, the surest first."""
    guess = probabilities.argmax(1)
    wrong = np.flatnonzero(guess != truth)
    return wrong[np.argsort(-probabilities[wrong, guess[wrong]], kind='stable')][:WORST]


def worst_predicted(truth: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Positions of the largest absolute errors."""
    return np.argsort(-np.abs(prediction - truth), kind='stable')[:WORST]


def majority_baseline(train: np.ndarray, test: np.ndarray, classes: int) -> dict[str, float | None]:
    """Metrics of always answering the class shares of the training rows."""
    shares = np.bincount(train, minlength=classes) / len(train)
    return classification_metrics(test, np.tile(shares, (len(test), 1)))


def mean_baseline(train: np.ndarray, test: np.ndarray) -> dict[str, float | None]:
    """Metrics of always answering the mean of the training rows."""
    return regression_metrics(test, np.full(len(test), train.mean()))
