"""Gradient-boosted trees: training with early stopping, checkpoints that go on exactly, export to ONNX."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from ..errors import Stopped
from ..export.graph import Graph
from ..export.tabular import add_class_outputs, add_number_output, add_probabilities
from ..export.trees import add_trees
from ..trainer import stop
from ..trainer.emit import Pace
from .context import Context, threads
from .tabular_data import TabularData

ROWS_WORTH_A_THREAD = 50_000


@dataclass
class LightgbmModel:
    """A trained ensemble. `mean` and `scale` bring back the unit of a standardised target."""

    booster: lightgbm.Booster
    labels: list[str]
    mean: float
    scale: float
    rounds: int
    device: str = 'cpu'

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probabilities [rows, classes], or numbers [rows], by LightGBM itself. x: FP32 [rows, features]."""
        answer = np.asarray(self.booster.predict(x, num_iteration=self.rounds, num_threads=1))
        if not self.labels:
            return answer * self.scale + self.mean
        return np.stack([1 - answer, answer], axis=1) if len(self.labels) == 2 else answer

    def add_to(self, graph: Graph, matrix: str) -> None:
        text = self.booster.model_to_string(num_iteration=self.rounds)
        scores = add_trees(graph, matrix, text, len(self.labels) if len(self.labels) > 2 else 1)
        if self.labels:
            add_class_outputs(graph, add_probabilities(graph, scores, len(self.labels)), self.labels)
        else:
            add_number_output(graph, scores, self.mean, self.scale)

    def gain(self) -> np.ndarray:
        """Total gain of the splits of each feature."""
        return self.booster.feature_importance('gain', iteration=self.rounds)

    @property
    def libraries(self) -> dict[str, str]:
        return {'lightgbm': lightgbm.__version__, 'numpy': np.__version__}


@dataclass
class _Progress:
    """The state of early stopping; all of it is in the checkpoint."""

    step: int = 0
    best_step: int = 0
    best_loss: float = math.inf


def train(context: Context, data: TabularData) -> LightgbmModel:
    """Trains until the rounds are made or validation stops improving. Raises Stopped after a checkpoint."""
    target, rows = data.target, data.split.train
    mean, scale = (0.0, 1.0) if target.is_classes else _scaling(target.numbers[rows])
    y = target.codes.astype(float) if target.is_classes else (target.numbers - mean) / scale
    params = _booster_params(context, data)
    progress = _Progress()
    loaded = context.checkpoints.load()
    earlier = None
    if loaded:
        state, blobs = loaded
        progress = _Progress(state['step'], state['best_step'], state['best_loss'])
        earlier = lightgbm.Booster(model_str=blobs['booster.txt'].decode())
    booster, has_validation = _booster(params, context, data, y, earlier)
    _boost(context, booster, has_validation, progress)
    rounds = max(1, progress.best_step) if has_validation else progress.step
    context.emit.log(f'{progress.step} rounds made, {rounds} kept.')
    return LightgbmModel(booster, target.labels, mean, scale, rounds)


def _scaling(numbers: np.ndarray) -> tuple[float, float]:
    return float(numbers.mean()), float(numbers.std()) or 1.0


def _booster_params(context: Context, data: TabularData) -> dict[str, Any]:
    given, classes, rows = context.params, len(data.target.labels), len(data.split.train)
    objective = {0: 'regression', 2: 'binary'}.get(classes, 'multiclass')
    metric = {0: 'l2', 2: 'binary_logloss'}.get(classes, 'multi_logloss')
    params: dict[str, Any] = {
        'objective': objective, 'metric': metric, 'learning_rate': given['learning_rate'], 'num_leaves': given['num_leaves'],
        'min_data_in_leaf': given['min_data_in_leaf'] or int(np.clip(rows // 20, 1, 20)), 'lambda_l2': given['lambda_l2'],
        'feature_fraction': given['feature_fraction'], 'seed': context.seed, 'verbosity': -1, 'deterministic': True,
        'force_row_wise': True, 'num_threads': min(threads(), 1 + rows // ROWS_WORTH_A_THREAD),
    }
    return {**params, 'num_class': classes} if objective == 'multiclass' else params


def _booster(params: dict[str, Any], context: Context, data: TabularData, y: np.ndarray,
             earlier: lightgbm.Booster | None) -> tuple[lightgbm.Booster, bool]:
    rows, validation = data.split.train, data.split.validation
    weights = _weights(context, data)
    train_set = lightgbm.Dataset(data.x[rows], y[rows], weight=weights, params=params, free_raw_data=earlier is None)
    valid_set = lightgbm.Dataset(data.x[validation], y[validation], reference=train_set, params=params,
                                 free_raw_data=earlier is None) if len(validation) else None
    if earlier is not None:
        # What `lightgbm.train(init_model=…)` does inside: scores start from the earlier trees, and the trees are merged.
        predictor = lightgbm.basic._InnerPredictor.from_booster(earlier, pred_parameter={})
        train_set._set_predictor(predictor)
        if valid_set is not None:
            valid_set._set_predictor(predictor)
    booster = lightgbm.Booster(params, train_set)
    if valid_set is not None:
        booster.add_valid(valid_set, 'validation')
    return booster, valid_set is not None


def _weights(context: Context, data: TabularData) -> np.ndarray | None:
    if context.params.get('class_weight') != 'balanced':
        return None
    codes = data.target.codes[data.split.train]
    return len(codes) / (len(data.target.labels) * np.bincount(codes))[codes]


def _boost(context: Context, booster: lightgbm.Booster, has_validation: bool, progress: _Progress) -> None:
    total, patience = context.params['rounds'], context.params['early_stopping_rounds']
    pace = Pace(progress.step, total)
    while progress.step < total and not _is_worse(progress, patience, has_validation):
        if stop.is_requested():
            _save(context, booster, progress)
            raise Stopped()
        is_finished = _one_round(context, booster, progress)
        if has_validation:
            _note_validation(booster, progress)
        is_last = is_finished or progress.step == total or _is_worse(progress, patience, has_validation)
        _tell(context, booster, progress, has_validation, is_last)
        context.emit.progress(progress.step, total, pace.eta_seconds(progress.step), is_last)
        if is_finished:
            context.emit.log(f'No split improves the trees any more after {progress.step} rounds.')
            return
        if context.checkpoints.is_due():
            _save(context, booster, progress)


def _is_worse(progress: _Progress, patience: int, has_validation: bool) -> bool:
    return has_validation and patience > 0 and progress.step - progress.best_step >= patience


def _one_round(context: Context, booster: lightgbm.Booster, progress: _Progress) -> bool:
    if context.params['feature_fraction'] < 1:
        # A seed a round instead of a running generator, which a checkpoint could not hold.
        booster.reset_parameter({'feature_fraction_seed': context.seed * 100_003 + progress.step})
    is_finished = booster.update()
    progress.step += 1
    return is_finished


def _note_validation(booster: lightgbm.Booster, progress: _Progress) -> None:
    loss = float(booster.eval_valid()[0][2])
    if loss < progress.best_loss:
        progress.best_loss, progress.best_step = loss, progress.step


def _tell(context: Context, booster: lightgbm.Booster, progress: _Progress, has_validation: bool, is_last: bool) -> None:
    if not (context.emit.is_metric_due() or is_last):
        return
    values = {'train_loss': float(booster.eval_train()[0][2])}
    if has_validation:
        values['val_loss'] = float(booster.eval_valid()[0][2])
    context.emit.metrics(progress.step, values)


def _save(context: Context, booster: lightgbm.Booster, progress: _Progress) -> None:
    state = {'best_step': progress.best_step, 'best_loss': progress.best_loss if math.isfinite(progress.best_loss) else 1e308}
    context.checkpoints.save(progress.step, state, {'booster.txt': booster.model_to_string(num_iteration=-1).encode()})
