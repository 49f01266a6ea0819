"""One training loop for every torch model: checkpoints that go on exactly, early stopping, smaller pieces when memory is short."""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..errors import Stopped, TrainingError
from ..trainer import stop
from ..trainer.emit import Pace
from .context import Context

WARM_UP_SHARE = 0.06
LARGEST_GRADIENT = 1.0
MOST_HALVINGS = 3
BLOB = 'state.pt'


@dataclass
class Plan:
    """What is trained: `loss` is the mean over the given rows; `validate` gives a loss and further figures, or nothing."""

    model: torch.nn.Module
    device: torch.device
    rows: np.ndarray
    batch_size: int
    epochs: int
    learning_rate: float
    weight_decay: float
    patience: int
    loss: Callable[[np.ndarray], torch.Tensor]
    validate: Callable[[], dict[str, float]] | None
    lengths: np.ndarray | None = None
    extra_blobs: dict[str, bytes] = field(default_factory=dict)


@dataclass
class _State:
    epoch: int = 0
    position: int = 0
    step: int = 0
    best_loss: float = math.inf
    best_epoch: int = -1
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)
    micro_batch: int = 0
    halvings: int = 0


def batches(plan: Plan, seed: int, epoch: int) -> list[np.ndarray]:
    """The rows of each step of an epoch, from seed and epoch alone. With `lengths`, rows of like length come together."""
    random = np.random.default_rng([seed, epoch])
    order = random.permutation(plan.rows)
    size = plan.batch_size
    if plan.lengths is None:
        return [order[start:start + size] for start in range(0, len(order), size)]
    found = []
    for start in range(0, len(order), size * 16):
        pool = order[start:start + size * 16]
        pool = pool[np.argsort(plan.lengths[pool], kind='stable')]
        found += [pool[at:at + size] for at in range(0, len(pool), size)]
    return [found[place] for place in random.permutation(len(found))]


def fit(context: Context, plan: Plan) -> dict[str, Any]:
    """Trains, and leaves the best weights in the model. Gives facts for the evaluation. Raises Stopped after a checkpoint."""
    optimizer = torch.optim.AdamW(plan.model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
    state = _State(micro_batch=plan.batch_size)
    _restore(context, plan, optimizer, state)
    total = math.ceil(len(plan.rows) / plan.batch_size) * plan.epochs
    pace = Pace(state.step, total)
    while state.epoch < plan.epochs and not _is_stalled(plan, state):
        loss = _epoch(context, plan, optimizer, state, total, pace)
        _end_epoch(context, plan, state, loss)
    context.emit.progress(state.step, total, 0.0, is_last=True)
    if state.best_weights:
        plan.model.load_state_dict(state.best_weights)
    plan.model.eval()
    kept = state.best_epoch + 1 if state.best_weights else state.epoch
    context.emit.log(f'{state.epoch} epochs made, the weights of epoch {kept} kept.')
    return {'epochs': state.epoch, 'kept_epoch': kept, 'micro_batch': state.micro_batch, 'halvings': state.halvings}


def _epoch(context: Context, plan: Plan, optimizer: torch.optim.Optimizer, state: _State, total: int, pace: Pace) -> float:
    """The rest of the epoch; gives the loss of its last step."""
    plan.model.train()
    order, loss = batches(plan, context.seed, state.epoch), math.nan
    while state.position < len(order):
        if stop.is_requested():
            _save(context, plan, optimizer, state)
            raise Stopped()
        _set_rate(optimizer, plan.learning_rate, state.step, total)
        loss = _step(context, plan, optimizer, state, order[state.position])
        state.position, state.step = state.position + 1, state.step + 1
        if context.emit.is_metric_due():
            context.emit.metrics(state.step, {'train_loss': loss})
        context.emit.progress(state.step, total, pace.eta_seconds(state.step))
        if context.checkpoints.is_due():
            _save(context, plan, optimizer, state)
    return loss


def _is_stalled(plan: Plan, state: _State) -> bool:
    return plan.validate is not None and plan.patience > 0 and state.best_epoch >= 0 and state.epoch - 1 - state.best_epoch >= plan.patience


def _set_rate(optimizer: torch.optim.Optimizer, largest: float, step: int, total: int) -> None:
    """Linear up for the first steps, then a cosine to zero."""
    warm = max(1, round(total * WARM_UP_SHARE))
    share = (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))
    for group in optimizer.param_groups:
        group['lr'] = largest * share


def _step(context: Context, plan: Plan, optimizer: torch.optim.Optimizer, state: _State, rows: np.ndarray) -> float:
    while True:
        try:
            loss = _accumulate(plan, optimizer, state.micro_batch, rows)
        except (torch.OutOfMemoryError, MemoryError) as error:
            _halve(context, plan, state, error)
            continue
        if not math.isfinite(loss):
            raise TrainingError('invalid_spec', f'The loss is no number at step {state.step + 1}: the learning rate is too high.')
        torch.nn.utils.clip_grad_norm_(plan.model.parameters(), LARGEST_GRADIENT)
        optimizer.step()
        return loss


def _accumulate(plan: Plan, optimizer: torch.optim.Optimizer, micro_batch: int, rows: np.ndarray) -> float:
    """Gradients of the mean loss over `rows`, computed in pieces of `micro_batch`."""
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for start in range(0, len(rows), micro_batch):
        piece = rows[start:start + micro_batch]
        loss = plan.loss(piece) * (len(piece) / len(rows))
        loss.backward()
        total += float(loss.detach())
    return total


def _halve(context: Context, plan: Plan, state: _State, error: BaseException) -> None:
    if state.halvings == MOST_HALVINGS or state.micro_batch == 1:
        raise TrainingError('out_of_memory', f'Memory was too small even for pieces of {state.micro_batch} rows.') from error
    state.halvings, state.micro_batch = state.halvings + 1, max(1, state.micro_batch // 2)
    if plan.device.type == 'cuda':
        torch.cuda.empty_cache()
    context.emit.warning(f'Memory was short: each step is now computed in pieces of {state.micro_batch} rows.', 'micro_batch_halved')


def _end_epoch(context: Context, plan: Plan, state: _State, loss: float) -> None:
    state.epoch, state.position = state.epoch + 1, 0
    if plan.validate is None:
        return
    plan.model.eval()
    with torch.no_grad():
        figures = plan.validate()
    context.emit.metrics(state.step, {f'val_{name}': value for name, value in figures.items()})
    context.emit.log(f'Epoch {state.epoch}: training loss {loss:.4f}, '
                     + ', '.join(f'validation {name} {value:.4f}' for name, value in figures.items()) + '.')
    if figures['loss'] < state.best_loss:
        state.best_loss, state.best_epoch = figures['loss'], state.epoch - 1
        state.best_weights = {name: value.detach().clone() for name, value in plan.model.state_dict().items()}


def _save(context: Context, plan: Plan, optimizer: torch.optim.Optimizer, state: _State) -> None:
    content = {
        'model': plan.model.state_dict(), 'optimizer': optimizer.state_dict(), 'best': state.best_weights,
        'random': torch.get_rng_state(), 'random_cuda': torch.cuda.get_rng_state_all() if plan.device.type == 'cuda' else [],
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    plain = {name: value for name, value in vars(state).items() if name not in ('best_weights', 'step')}
    plain['best_loss'] = state.best_loss if math.isfinite(state.best_loss) else None
    context.checkpoints.save(state.step, plain, {BLOB: buffer.getvalue(), **plan.extra_blobs})


def _restore(context: Context, plan: Plan, optimizer: torch.optim.Optimizer, state: _State) -> None:
    loaded = context.checkpoints.load()
    if loaded is None:
        return
    plain, blobs = loaded
    content = torch.load(io.BytesIO(blobs[BLOB]), map_location=plan.device, weights_only=True)
    plan.model.load_state_dict(content['model'])
    optimizer.load_state_dict(content['optimizer'])
    torch.set_rng_state(content['random'].cpu())
    if plan.device.type == 'cuda' and content['random_cuda']:
        torch.cuda.set_rng_state_all([value.cpu() for value in content['random_cuda']])
    for name in ('epoch', 'position', 'step', 'best_epoch', 'micro_batch', 'halvings'):
        setattr(state, name, plain[name])
    state.best_loss = math.inf if plain['best_loss'] is None else plain['best_loss']
    state.best_weights = copy.copy(content['best'])
