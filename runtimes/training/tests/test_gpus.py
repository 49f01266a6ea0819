"""GPUs as nvidia-smi lists them (a stand-in that prints what its manual shows), and how they are handed out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_jobs import SLOW, finished, submit, trainers, training
from agents import AgentProcess
from control_plane import TOKEN, ControlPlane
from neuroweaver_training.agent import devices

ARGUMENTS = '--query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu --format=csv,noheader,nounits'
FIRST, SECOND = 'GPU-6e1b2c1d-0001-4c5e-8a8a-000000000001', 'GPU-6e1b2c1d-0002-4c5e-8a8a-000000000002'
TWO = f'0, {FIRST}, NVIDIA A100-SXM4-40GB, 40960, 1024, 7\n1, {SECOND}, NVIDIA A100-SXM4-40GB, 40960, 0, 0\n'


def stand_in(folder: Path, output: str, status: int = 0) -> str:
    """A PATH whose nvidia-smi answers the one query that it is to be asked, and fails for another."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'answer').write_text(output)
    program = folder / 'nvidia-smi'
    program.write_text(f'#!/bin/sh\n[ "$*" = "{ARGUMENTS}" ] || exit 2\ncat "{folder}/answer"\nexit {status}\n')
    program.chmod(0o755)
    return f'{folder}{os.pathsep}{os.environ["PATH"]}'


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def ask(output: str, status: int = 0) -> list[dict[str, Any]]:
        monkeypatch.setenv('PATH', stand_in(tmp_path / 'bin', output, status))
        monkeypatch.setattr(devices, '_kept', (-devices._FRESH_S, []))
        return [device for device in devices.list_devices() if device['kind'] == 'cuda']
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    return ask


def test_lists_index_uuid_memory_and_load(look: Any) -> None:
    first, second = look(TWO)
    assert first == {'kind': 'cuda', 'index': 0, 'uuid': FIRST, 'name': 'NVIDIA A100-SXM4-40GB', 'memory_bytes': 40960 << 20,
                     'memory_used_bytes': 1024 << 20, 'load': 0.07}
    assert (second['uuid'], second['load']) == (SECOND, 0)
    assert devices.capacity() == 2


@pytest.mark.parametrize('output', ['', 'No devices were found\n', 'NVIDIA-SMI has failed because it could not communicate\n'])
def test_none(look: Any, output: str) -> None:
    assert look(output, status=0 if not output else 6) == []
    assert devices.capacity() == 1


def test_figures_that_a_device_does_not_have(look: Any) -> None:
    (gpu,) = look(f'0, {FIRST}, NVIDIA GB10, [N/A], [Not Supported], [N/A]\n')
    assert gpu == {'kind': 'cuda', 'index': 0, 'uuid': FIRST, 'name': 'NVIDIA GB10'}


@pytest.mark.parametrize(('wished', 'seen'), [('1', [SECOND]), (FIRST, [FIRST]), ('GPU-6e1b2c1d-0002', [SECOND]), ('', []), ('-1', [])])
def test_hands_out_no_more_than_the_operator_allows(look: Any, monkeypatch: pytest.MonkeyPatch, wished: str, seen: list[str]) -> None:
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', wished)
    assert [gpu['uuid'] for gpu in look(TWO)] == seen


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ControlPlane, AgentProcess]]:
    """An agent on a machine with two GPUs, and a control plane of its own."""
    monkeypatch.setenv('PATH', stand_in(tmp_path / 'bin', TWO))
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    plane = ControlPlane()
    plane.start()
    agent = AgentProcess(plane.url, TOKEN, tmp_path / 'two-gpus')
    plane.wait_for(lambda: plane.heartbeats)
    yield plane, agent
    assert agent.stop() == 0
    plane.stop()


def visible(pid: int) -> str:
    pairs = dict(entry.partition('=')[::2] for entry in Path(f'/proc/{pid}/environ').read_bytes().decode().split('\0'))
    return pairs['CUDA_VISIBLE_DEVICES']


def test_two_jobs_run_at_a_time_and_never_on_the_same_gpu(machine: tuple[ControlPlane, AgentProcess], tmp_path: Path) -> None:
    plane, agent = machine
    assert (plane.enrolments[0]['capacity'], plane.heartbeats[0]['capacity']) == (2, 2)
    assert [device['uuid'] for device in plane.heartbeats[0]['devices'] if device['kind'] == 'cuda'] == [FIRST, SECOND]
    jobs = [submit(plane, tmp_path, hyper_parameters=SLOW, rows=4000) for _ in range(3)]
    plane.wait_for(lambda: sum(plane.jobs[job]['status'] == 'running' for job in jobs) == 2)
    running = [job for job in jobs if plane.jobs[job]['status'] == 'running']
    (waiting,) = [job for job in jobs if job not in running]
    for job in running:
        training(plane, job)
    assert sorted(visible(pid) for pid in trainers(agent)) == [FIRST, SECOND]
    plane.wait_for(lambda: plane.heartbeats[-1]['running'] == 2)
    assert plane.jobs[waiting]['status'] == 'queued'
    plane.jobs[running[0]]['cancel'] = True
    finished(plane, running[0])
    training(plane, waiting)
    assert sorted(visible(pid) for pid in trainers(agent)) == [FIRST, SECOND]
    for job in (running[1], waiting):
        plane.jobs[job]['cancel'] = True
        assert finished(plane, job)['outcome'] == 'cancelled'
