"""What this machine computes on: GPUs as nvidia-smi lists them, else the CPU."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from typing import Any

_QUERY = 'index,name,uuid,memory.total,utilization.gpu'
_FRESH_S = 10.0
_kept: tuple[float, list[dict[str, Any]]] = (-_FRESH_S, [])


def list_devices() -> list[dict[str, Any]]:
    """The contract's device list; asked of the machine at most every 10 s."""
    global _kept
    if time.monotonic() - _kept[0] >= _FRESH_S:
        _kept = (time.monotonic(), [_cpu(), *_gpus()])
    return _kept[1]


def kinds() -> list[str]:
    """The queues to claim from: cpu always, cuda where there is a GPU."""
    return sorted({device['kind'] for device in list_devices()})


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
    return [_gpu(line) for line in found.stdout.splitlines() if line.count(',') == 4]


def _gpu(line: str) -> dict[str, Any]:
    index, name, uuid, memory, load = (part.strip() for part in line.split(','))
    device: dict[str, Any] = {'kind': 'cuda', 'index': int(index), 'name': name[:200], 'uuid': uuid[:100]}
    if memory.isdigit():
        device['memory_bytes'] = int(memory) * 1024 * 1024
    if load.isdigit():
        device['load'] = int(load) / 100
    return device
