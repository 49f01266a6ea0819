"""Figures against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from neuroweaver_training.evaluation.metrics import auc_of, bootstrap, classification_metrics, regression_metrics
from neuroweaver_training.evaluation.report import classification_report, curves


def answers(classes: int, rows: int = 500) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(classes)
    truth = random.integers(0, classes, rows)
    scores = np.round(random.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[truth], 1)
    shares = np.exp(scores)
    return truth, shares / shares.sum(1, keepdims=True)


@pytest.mark.parametrize('classes', [2, 5])
def test_classification_figures(classes: int) -> None:
    truth, probabilities = answers(classes)
    found = classification_metrics(truth, probabilities)
    guess = probabilities.argmax(1)
    auc = reference.roc_auc_score(truth, probabilities[:, 1] if classes == 2 else probabilities, multi_class='ovr')
    assert found['macro_f1'] == pytest.approx(reference.f1_score(truth, guess, average='macro'))
    assert found['accuracy'] == pytest.approx(reference.accuracy_score(truth, guess))
    assert found['log_loss'] == pytest.approx(reference.log_loss(truth, probabilities))
    assert found['auc'] == pytest.approx(auc)


def test_calibration_error_is_zero_for_honest_answers_and_large_for_boasts() -> None:
    random = np.random.default_rng(0)
    share = random.uniform(0.5, 1, 20_000)
    truth = (random.random(20_000) < share).astype(int)
    honest = classification_metrics(truth, np.stack([1 - share, share], 1))['ece']
    boast = classification_metrics(truth, np.tile([0.0, 1.0], (20_000, 1)))['ece']
    assert honest is not None and boast is not None and honest < 0.02 < 0.2 < boast


def test_regression_figures() -> None:
    random = np.random.default_rng(0)
    truth, guess = random.normal(size=200), random.normal(size=200)
    found = regression_metrics(truth, guess)
    assert found['rmse'] == pytest.approx(reference.mean_squared_error(truth, guess) ** 0.5)
    assert found['mae'] == pytest.approx(reference.mean_absolute_error(truth, guess))
    assert found['r2'] == pytest.approx(reference.r2_score(truth, guess))


def test_an_interval_holds_the_value_and_narrows_with_rows() -> None:
    few, many = (bootstrap(classification_metrics, *answers(2, rows), 0)['accuracy'] for rows in (100, 5000))
    for figure in (few, many):
        assert figure['low'] < figure['value'] < figure['high']
    assert many['high'] - many['low'] < (few['high'] - few['low']) / 3


def test_curves_end_where_they_must() -> None:
    truth, probabilities = answers(2)
    found = curves(truth == 1, probabilities[:, 1], 'one')
    assert (found['roc'][0]['fpr'], found['roc'][-1]['tpr'], found['roc'][-1]['fpr']) == (0, 1, 1)
    integrate = getattr(np, 'trapezoid', None) or np.trapz
    area = integrate([point['tpr'] for point in found['roc']], [point['fpr'] for point in found['roc']])
    assert area == pytest.approx(auc_of(truth == 1, probabilities[:, 1]), abs=1e-3)


def test_one_sided_truth_has_no_auc() -> None:
    probabilities = np.full((10, 2), 0.5)
    assert classification_metrics(np.zeros(10, int), probabilities)['auc'] is None
    assert 'roc' not in classification_report(np.zeros(10, int), probabilities, ['a', 'b'], 0)
