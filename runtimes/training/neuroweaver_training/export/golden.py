"""`golden.json` and the gate: onnxruntime must give what the training framework gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

TOLERANCE = 1e-3
CHECKED_BY = f'onnxruntime {onnxruntime.__version__} (Python)'
Tensor = dict[str, Any]


def tensor(name: str, datatype: str, values: np.ndarray) -> Tensor:
    """A tensor of the contract; NaN becomes null. values: [rows, columns]."""
    flat = values.reshape(-1).tolist()
    data = [None if isinstance(value, float) and value != value else value for value in flat]
    return {'name': name, 'datatype': datatype, 'shape': list(values.shape), 'data': data}


def array(value: Tensor) -> np.ndarray:
    """The tensor as onnxruntime takes it."""
    if value['datatype'] == 'BYTES':
        return np.array(value['data'], dtype=object).reshape(value['shape'])
    kind = {'FP32': np.float32, 'INT64': np.int64}[value['datatype']]
    return np.array([np.nan if item is None else item for item in value['data']], kind).reshape(value['shape'])


def class_outputs(probabilities: np.ndarray, labels: list[str]) -> list[Tensor]:
    """The contract's two outputs of a classification."""
    names = np.array([[labels[code]] for code in probabilities.argmax(1)], dtype=object)
    return [tensor('label', 'BYTES', names), tensor('probabilities', 'FP32', probabilities.astype(np.float32))]


def number_output(numbers: np.ndarray) -> list[Tensor]:
    return [tensor('prediction', 'FP32', numbers.astype(np.float32).reshape(-1, 1))]


def tolerance_for(numbers: np.ndarray) -> float:
    """A target of large numbers cannot be told to 1e-3 in FP32, whose step is 6e-8 of the value."""
    return max(TOLERANCE, 1e-5 * float(np.abs(numbers).max()))


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """One thread, like the trainer's own."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])


def difference(expected: list[Tensor], actual: dict[str, np.ndarray]) -> tuple[float, str | None]:
    """Largest absolute difference of numbers, and a sentence when a text or a shape differs."""
    largest = 0.0
    for output in expected:
        wanted, got = array(output), np.asarray(actual[output['name']])
        if wanted.shape != got.shape:
            return largest, f'{output["name"]} has shape {list(got.shape)}, not {list(wanted.shape)}'
        if output['datatype'] == 'BYTES':
            if (wanted != got).any():
                return largest, f'{output["name"]} differs'
        elif not np.isfinite(got).all():
            return largest, f'{output["name"]} is not finite'
        else:
            largest = max(largest, float(np.abs(wanted.astype(np.float64) - got).max(initial=0)))
    return largest, None


def parity_of(differences: list[tuple[str, float, str | None]], tolerance: float) -> dict[str, Any]:
    """The contract's parity record from (case, largest difference, complaint)."""
    largest = max(part[1] for part in differences)
    reason = next((f'{name}: {complaint}' for name, _, complaint in differences if complaint), None)
    if reason is None and largest > tolerance:
        worst = max(differences, key=lambda part: part[1])
        reason = f'{worst[0]}: differs by {worst[1]:.3g}, more than {tolerance:g}'
    record = {'passed': reason is None, 'cases': len(differences), 'max_abs_error': largest, 'tolerance': tolerance,
              'checked_by': CHECKED_BY}
    return {**record, 'reason': reason} if reason else record
