"""Jobs for an agent under test, and what can be seen of them from outside."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from agents import AgentProcess
from control_plane import ControlPlane
from jobs import make_spec, random_table

SLOW = {'rounds': 20_000, 'early_stopping_rounds': 0}


def claim_of(plane: ControlPlane, folder: Path, rows: int = 300, **changes: Any) -> dict[str, Any]:
    text, columns = random_table(rows)
    spec = make_spec(folder, text, columns, 'tabular-classification', **changes)
    spec['dataset']['files'] = [{'path': 'data.csv', **plane.add_artifact(text.encode())}]
    return {name: value for name, value in spec.items() if name not in ('job_id', 'attempt')}


def submit(plane: ControlPlane, folder: Path, **changes: Any) -> str:
    return plane.submit(claim_of(plane, folder, **changes))


def finished(plane: ControlPlane, job_id: str, seconds: float = 30) -> dict[str, Any]:
    return plane.wait_for(lambda: plane.jobs[job_id]['finish'], seconds)


def has_event(plane: ControlPlane, job_id: str, **wanted: Any) -> bool:
    return any(all(event.get(name) == value for name, value in wanted.items()) for event in plane.events(job_id))


def training(plane: ControlPlane, job_id: str) -> None:
    plane.wait_for(lambda: has_event(plane, job_id, type='state', state='training'))


def check_events(plane: ControlPlane, job_id: str, attempt: int = 1) -> None:
    """Numbered from 1 without a gap."""
    numbers = [event['n'] for event in plane.events(job_id, attempt)]
    assert numbers == list(range(1, len(numbers) + 1))


def trainers(agent: AgentProcess) -> list[int]:
    """Processes two below the agent: the trainers that its host has forked."""
    return [pid for host in children(agent.process.pid) for pid in children(host)]


def children(pid: int) -> list[int]:
    found = []
    for entry in Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / 'stat').read_text().rsplit(')', 1)[1].split()[1]) == pid:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def is_gone(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] == 'Z'
    except OSError:
        return True


def wait_until(question: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end
        time.sleep(0.02)
