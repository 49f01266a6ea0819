"""Where torch computes, and how it is made to give the same result again."""

from __future__ import annotations

import os

import numpy as np
import torch

from ..errors import TrainingError
from .context import Context, threads


def choose_device(context: Context) -> torch.device:
    """`cuda` when asked for, else the best there is; says so in an event. Raises resource_unavailable."""
    wanted = context.spec['device']
    has_cuda = wanted != 'cpu' and torch.cuda.is_available()
    if wanted == 'cuda' and not has_cuda:
        raise TrainingError('resource_unavailable', 'The job asks for a CUDA device, and this machine has none that torch can use.')
    if has_cuda and context.spec['gpus'] > 1:
        context.emit.warning('The recipe trains on one GPU; the others are left to other jobs.', 'one_gpu')
    device = torch.device('cuda' if has_cuda else 'cpu')
    if wanted == 'auto':
        reason = torch.cuda.get_device_name(0) if has_cuda else 'no CUDA device was found'
        context.emit.log(f'Device auto: training on {device.type} ({reason}).')
    return device


def make_repeatable(seed: int) -> None:
    """Seeds torch and fixes its threads; operations without a deterministic form warn."""
    os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    torch.set_num_threads(threads())
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.manual_seed(seed)


def libraries() -> dict[str, str]:
    return {'torch': torch.__version__, 'numpy': np.__version__}
