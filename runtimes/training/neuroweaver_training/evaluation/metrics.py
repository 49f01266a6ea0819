"""Figures of merit in plain NumPy, and their bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

ECE_BINS = 15
SMALLEST_PROBABILITY = 1e-7
ROWS_RESAMPLED = 100_000
Metrics = dict[str, 'float | None']


def confusion(truth: np.ndarray, guess: np.ndarray, classes: int) -> np.ndarray:
    """Counts [classes, classes]: rows are the truth, columns the guess."""
    return np.bincount(truth * classes + guess, minlength=classes * classes).reshape(classes, classes)


def per_class(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Precision, recall and F1 of each class; 0 where nothing was guessed or there."""
    hits = np.diag(matrix).astype(float)
    precision = hits / np.maximum(matrix.sum(0), 1)
    recall = hits / np.maximum(matrix.sum(1), 1)
    f1 = 2 * hits / np.maximum(matrix.sum(0) + matrix.sum(1), 1)
    return precision, recall, f1


def auc_of(is_positive: np.ndarray, score: np.ndarray) -> float | None:
    """Area under the ROC curve by mean ranks (Mann-Whitney U); None where one side is empty."""
    positives = int(is_positive.sum())
    negatives = len(is_positive) - positives
    if positives == 0 or negatives == 0:
        return None
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = mean_rank[place][is_positive].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


def macro_auc(truth: np.ndarray, probabilities: np.ndarray) -> float | None:
    """Two classes: the AUC of the second; more: the mean of one against the rest over the classes that occur."""
    classes = probabilities.shape[1]
    if classes == 2:
        return auc_of(truth == 1, probabilities[:, 1])
    values = [auc_of(truth == code, probabilities[:, code]) for code in range(classes)]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def calibration(truth: np.ndarray, probabilities: np.ndarray) -> list[dict[str, float]]:
    """Bins of equal width of the winning class's probability: mean confidence, accuracy and count of each that has rows."""
    confidence = probabilities.max(1)
    is_right = probabilities.argmax(1) == truth
    place = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    bins = []
    for number in np.unique(place):
        inside = place == number
        bins.append({'confidence': float(confidence[inside].mean()), 'accuracy': float(is_right[inside].mean()),
                     'count': int(inside.sum())})
    return bins


def classification_metrics(truth: np.ndarray, probabilities: np.ndarray) -> Metrics:
    """macro_f1, accuracy, log_loss, auc and ece. truth: codes [n]; probabilities: [n, classes]."""
    classes = probabilities.shape[1]
    guess = probabilities.argmax(1)
    matrix = confusion(truth, guess, classes)
    occurs = (matrix.sum(0) + matrix.sum(1)) > 0
    chosen = np.clip(probabilities[np.arange(len(truth)), truth], SMALLEST_PROBABILITY, 1)
    ece = sum(part['count'] * abs(part['accuracy'] - part['confidence']) for part in calibration(truth, probabilities))
    return {
        'macro_f1': float(per_class(matrix)[2][occurs].mean()),
        'accuracy': float((guess == truth).mean()),
        'log_loss': float(-np.log(chosen).mean()),
        'auc': macro_auc(truth, probabilities),
        'ece': float(ece / len(truth)),
    }


def regression_metrics(truth: np.ndarray, prediction: np.ndarray) -> Metrics:
    """rmse, mae and r2; r2 is None where the truth has one value only."""
    errors = prediction - truth
    spread = float(((truth - truth.mean()) ** 2).sum())
    return {
        'rmse': float(np.sqrt((errors ** 2).mean())),
        'mae': float(np.abs(errors).mean()),
        'r2': float(1 - (errors ** 2).sum() / spread) if spread > 0 else None,
    }


def bootstrap(measure: Callable[[np.ndarray, np.ndarray], Metrics], truth: np.ndarray, answer: np.ndarray,
              seed: int) -> dict[str, dict[str, float | None]]:
    """Each metric as {value, low, high}: the 95 % percentile interval over resampled test rows."""
    random = np.random.default_rng(seed)
    times = int(np.clip(ROWS_RESAMPLED / len(truth), 100, 500))
    draws: dict[str, list[float]] = {}
    for _ in range(times):
        rows = random.integers(0, len(truth), len(truth))
        for name, value in measure(truth[rows], answer[rows]).items():
            if value is not None:
                draws.setdefault(name, []).append(value)
    result: dict[str, dict[str, float | None]] = {}
    for name, value in measure(truth, answer).items():
        low, high = np.percentile(draws[name], [2.5, 97.5]) if draws.get(name) else (None, None)
        result[name] = {'value': value, 'low': _plain(low), 'high': _plain(high)}
    return result


def _plain(value: float | None) -> float | None:
    return None if value is None else float(value)
