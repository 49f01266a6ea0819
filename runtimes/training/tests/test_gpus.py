"""GPUs as nvidia-smi lists them (a stand-in that prints what its manual shows), and how they are handed out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_jobs import SLOW, claim_of, finished, trainers, training
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
    assert devices.capacity() == 3


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


def submit_for(plane: ControlPlane, folder: Path, device: str) -> str:
    """A job that trains until it is cancelled, in the queue of that device. Trees grow anywhere, as no test has a real GPU."""
    return plane.submit(claim_of(plane, folder, hyper_parameters=SLOW, rows=4000, device='auto'), needs=device)


def running(plane: ControlPlane, jobs: list[str], count: int) -> list[str]:
    """Waits until so many of them train."""
    plane.wait_for(lambda: sum(plane.jobs[job]['status'] == 'running' for job in jobs) == count)
    found = [job for job in jobs if plane.jobs[job]['status'] == 'running']
    for job in found:
        training(plane, job)
    return found


def cancel(plane: ControlPlane, *jobs: str) -> None:
    for job in jobs:
        plane.jobs[job]['cancel'] = True
    for job in jobs:
        assert finished(plane, job)['outcome'] == 'cancelled'


def test_each_gpu_runs_one_job_and_the_processor_another_when_all_are_taken(machine: tuple[ControlPlane, AgentProcess],
                                                                           tmp_path: Path) -> None:
    plane, agent = machine
    assert (plane.enrolments[0]['capacity'], plane.heartbeats[0]['capacity']) == (3, 3)
    assert [device['uuid'] for device in plane.heartbeats[0]['devices'] if device['kind'] == 'cuda'] == [FIRST, SECOND]
    jobs = [submit_for(plane, tmp_path, 'auto') for _ in range(2)]
    running(plane, jobs, 2)
    assert sorted(visible(pid) for pid in trainers(agent)) == [FIRST, SECOND]
    jobs += [submit_for(plane, tmp_path, 'auto') for _ in range(2)]
    now = running(plane, jobs, 3)
    assert sorted(visible(pid) for pid in trainers(agent)) == ['', FIRST, SECOND]
    plane.wait_for(lambda: plane.heartbeats[-1]['running'] == 3)
    (waiting,) = [job for job in jobs if job not in now]
    cancel(plane, now[0])
    running(plane, [waiting], 1)
    assert sorted(visible(pid) for pid in trainers(agent)) == ['', FIRST, SECOND]
    cancel(plane, *now[1:], waiting)


def test_a_job_for_the_processor_takes_no_gpu(machine: tuple[ControlPlane, AgentProcess], tmp_path: Path) -> None:
    plane, agent = machine
    jobs = [submit_for(plane, tmp_path, 'cpu') for _ in range(2)]
    (first,) = running(plane, jobs, 1)
    either = submit_for(plane, tmp_path, 'auto')
    running(plane, [either], 1)
    assert sorted(visible(pid) for pid in trainers(agent)) in (['', FIRST], ['', SECOND])
    (second,) = [job for job in jobs if job != first]
    assert plane.jobs[second]['status'] == 'queued'
    cancel(plane, first)
    running(plane, [second], 1)
    cancel(plane, second, either)


def test_a_gpu_that_appears_is_used_and_one_that_goes_is_not_handed_out_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PATH', stand_in(tmp_path / 'bin', ''))
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    plane = ControlPlane()
    plane.start()
    agent = AgentProcess(plane.url, TOKEN, tmp_path / 'later')
    try:
        plane.wait_for(lambda: plane.heartbeats and plane.heartbeats[-1]['capacity'] == 1)
        early = submit_for(plane, tmp_path, 'cuda')
        stand_in(tmp_path / 'bin', TWO)
        running(plane, [early], 1)
        assert plane.heartbeats[-1]['capacity'] == 3
        (used,) = [visible(pid) for pid in trainers(agent)]

        # The GPU under the job goes, and then comes back: the job is let be, and no other is put beside it.
        (other,) = {FIRST, SECOND} - {used}
        stand_in(tmp_path / 'bin', '\n'.join(line for line in TWO.splitlines() if other in line) + '\n')
        plane.wait_for(lambda: plane.heartbeats[-1]['capacity'] == 2)
        jobs = [submit_for(plane, tmp_path, 'cuda') for _ in range(2)]
        (beside,) = running(plane, jobs, 1)
        assert sorted(visible(pid) for pid in trainers(agent)) == [FIRST, SECOND]
        cancel(plane, early)
        plane.wait_for(lambda: plane.heartbeats[-1]['running'] == 1)
        (waiting,) = [job for job in jobs if job != beside]
        assert plane.jobs[waiting]['status'] == 'queued'
        stand_in(tmp_path / 'bin', TWO)
        running(plane, [waiting], 1)
        assert sorted(visible(pid) for pid in trainers(agent)) == [FIRST, SECOND]
        cancel(plane, beside, waiting)
        assert agent.stop() == 0
    finally:
        agent.process.kill()
        plane.stop()


def test_a_claim_that_was_under_way_when_its_gpu_went_is_handed_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('PATH', stand_in(tmp_path / 'bin', TWO.splitlines()[0]))
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    plane = ControlPlane()
    plane.claim_limit_ms = 25_000
    plane.start()
    agent = AgentProcess(plane.url, TOKEN, tmp_path / 'gone')
    try:
        plane.wait_for(lambda: plane.heartbeats and plane.heartbeats[-1]['capacity'] == 2)
        stand_in(tmp_path / 'bin', '')
        plane.wait_for(lambda: plane.heartbeats[-1]['capacity'] == 1)
        job = submit_for(plane, tmp_path, 'cuda')
        finish = finished(plane, job)
        assert (finish['error']['code'], finish['is_retryable'], plane.jobs[job]['status']) == ('resource_unavailable', True, 'queued')
        assert FIRST in finish['error']['message']
        assert trainers(agent) == []
        assert agent.stop() == 0
    finally:
        agent.process.kill()
        plane.stop()
