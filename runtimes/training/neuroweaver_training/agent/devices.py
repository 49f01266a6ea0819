"""What this machine computes on: GPUs as nvidia-smi lists them, else the CPU."""

from __future__ import annotations

import os
import platform
import subprocess
import threading
import time
from typing import Any

_QUERY = 'index,uuid,name,memory.total,memory.used,utilization.gpu'
_MIB = 1024 * 1024
_FRESH_S = 10.0
_kept: tuple[float, list[dict[str, Any]]] = (-_FRESH_S, [])
_lock = threading.Lock()


def list_devices() -> list[dict[str, Any]]:
    """The contract's device list; asked of the machine at most every 10 s."""
    global _kept
    with _lock:
        if time.monotonic() - _kept[0] >= _FRESH_S:
            _kept = (time.monotonic(), [_cpu(), *_gpus()])
        return _kept[1]


def gpu_uuids() -> list[str]:
    """The GPUs that may be handed out: those that CUDA_VISIBLE_DEVICES names, by index or UUID, or all where it is not set."""
    return [device['uuid'] for device in list_devices() if device['kind'] == 'cuda']


def capacity() -> int:
    """How many jobs run at a time: one on each GPU, and one on the processor."""
    return len(gpu_uuids()) + 1


def _cpu() -> dict[str, Any]:
    cores = os.cpu_count() or 1
    device: dict[str, Any] = {'kind': 'cpu', 'index': 0, 'name': f'{platform.machine()}, {cores} cores'}
    try:
        device['memory_bytes'] = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES')
        device['load'] = round(min(1.0, os.getloadavg()[0] / cores), 3)
    except (OSError, ValueError):
        pass
    return device


def _gpus() -> list[dict[str, Any]]:
    try:
        found = subprocess.run(['nvidia-smi', f'--query-gpu={_QUERY}', '--format=csv,noheader,nounits'], capture_output=True,
                               text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    listed = [_gpu(line) for line in found.stdout.splitlines() if line.count(',') >= 5]
    return [gpu for gpu in listed if _is_visible(gpu)]


def _is_visible(gpu: dict[str, Any]) -> bool:
    wished = os.environ.get('CUDA_VISIBLE_DEVICES')
    if wished is None:
        return True
    names = [name.strip() for name in wished.split(',')]
    return any(name == str(gpu['index']) or (name.startswith('GPU-') and gpu['uuid'].startswith(name)) for name in names)


def _gpu(line: str) -> dict[str, Any]:
    # A name may hold commas; the figures behind it are numbers in MiB and percent, or words in brackets where there are none.
    parts = [part.strip() for part in line.split(',')]
    (index, uuid), name, (memory, used, load) = parts[:2], ', '.join(parts[2:-3]), parts[-3:]
    device: dict[str, Any] = {'kind': 'cuda', 'index': int(index), 'name': name[:200], 'uuid': uuid[:100]}
    if memory.isdigit():
        device['memory_bytes'] = int(memory) * _MIB
    if used.isdigit():
        device['memory_used_bytes'] = int(used) * _MIB
    if load.isdigit():
        device['load'] = int(load) / 100
    return device
