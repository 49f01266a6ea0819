"""The multilayer perceptron as a learner of the tabular recipes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from ..evaluation.metrics import classification_metrics
from ..export.graph import Graph
from ..export.tabular import add_class_outputs, add_number_output
from .context import Context
from .mlp_model import Mlp, add_mlp, fit_columns
from .tabular_data import TabularData
from .torch_device import choose_device, libraries, make_repeatable
from .torch_loop import Plan, fit

ANSWER_ROWS = 8192


@dataclass
class MlpModel:
    """A trained network. `mean` and `scale` bring back the unit of a standardised target."""

    network: Mlp
    labels: list[str]
    mean: float
    scale: float
    device: str
    facts: dict[str, Any] = field(default_factory=dict)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Probabilities [rows, classes], or numbers [rows]. x: FP32 [rows, features]."""
        scores = scores_of(self.network, torch.from_numpy(x).to(self.device))
        return scores.softmax(1).numpy() if self.labels else scores[:, 0].numpy() * self.scale + self.mean

    def add_to(self, graph: Graph, matrix: str) -> None:
        scores = add_mlp(graph, matrix, self.network)
        if self.labels:
            add_class_outputs(graph, graph.node('Softmax', [scores], axis=1), self.labels)
        else:
            add_number_output(graph, scores, self.mean, self.scale)

    def gain(self) -> None:
        """A network has no gain of splits."""
        return None

    @property
    def libraries(self) -> dict[str, str]:
        return libraries()


def scores_of(network: Mlp, x: torch.Tensor) -> torch.Tensor:
    """FP64 [rows, scores] on the CPU."""
    network.eval()
    with torch.no_grad():
        return torch.cat([network(part).double().cpu() for part in x.split(ANSWER_ROWS)])


def train(context: Context, data: TabularData) -> MlpModel:
    """Raises Stopped after a checkpoint."""
    device = choose_device(context)
    make_repeatable(context.seed)
    params, target, rows = context.params, data.target, data.split.train
    mean, scale = (0.0, 1.0) if target.is_classes else (float(target.numbers[rows].mean()), float(target.numbers[rows].std()) or 1.0)
    columns = fit_columns(data.features, data.x[rows])
    network = Mlp(columns, params['hidden_size'], params['hidden_layers'], params['dropout'], len(target.labels) or 1).to(device)
    x = torch.from_numpy(data.x).to(device)
    plan = Plan(network, device, rows, params['batch_size'], params['epochs'], params['mlp_learning_rate'], params['weight_decay'],
                params['patience'], _loss(context, data, network, x, mean, scale),
                _validation(data, network, x, mean, scale) if len(data.split.validation) else None)
    return MlpModel(network, target.labels, mean, scale, device.type, fit(context, plan))


def _loss(context: Context, data: TabularData, network: Mlp, x: torch.Tensor, mean: float, scale: float) -> Any:
    target = data.target
    if not target.is_classes:
        y = torch.from_numpy(((target.numbers - mean) / scale).astype(np.float32)).to(x.device)
        return lambda part: functional.mse_loss(network(x[part])[:, 0], y[part])
    codes = torch.from_numpy(target.codes.astype(np.int64)).to(x.device)
    weights = None
    if context.params['class_weight'] == 'balanced':
        counts = np.bincount(target.codes[data.split.train])
        weights = torch.tensor(counts.sum() / (len(counts) * counts), dtype=torch.float32, device=x.device)
    return lambda part: functional.cross_entropy(network(x[part]), codes[part], weight=weights)


def _validation(data: TabularData, network: Mlp, x: torch.Tensor, mean: float, scale: float) -> Any:
    rows, target = data.split.validation, data.target

    def validate() -> dict[str, float]:
        scores = scores_of(network, x[rows])
        if not target.is_classes:
            return {'loss': float(((scores[:, 0].numpy() - (target.numbers[rows] - mean) / scale) ** 2).mean())}
        figures = classification_metrics(target.codes[rows], scores.softmax(1).numpy())
        return {'loss': figures['log_loss'] or 0.0, 'accuracy': figures['accuracy'] or 0.0}
    return validate
