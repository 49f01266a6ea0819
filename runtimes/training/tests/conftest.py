"""Tests import their helpers by name, and compute on one thread as the agent's trainers do."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ['OMP_NUM_THREADS'] = '1'
os.environ['OMP_WAIT_POLICY'] = 'PASSIVE'
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]


LINE_KEYS = {'id', 'timestamp', 'level', 'system', 'component', 'message', 'data', 'correlationId', 'userId', 'sessionId', 'error',
             'duration', 'statusCode'}


@pytest.fixture(scope='session')
def plane() -> Iterator[Any]:
    from control_plane import ControlPlane
    made = ControlPlane()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope='session')
def agent(plane: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from agents import AgentProcess
    from control_plane import TOKEN
    os.environ['NEUROWEAVER_CHECKPOINT_SECONDS'] = '0.3'
    made = AgentProcess(plane.url, TOKEN, tmp_path_factory.mktemp('agents') / 'shared')
    plane.wait_for(lambda: plane.heartbeats)
    yield made
    assert made.stop() == 0
    assert TOKEN not in made.log() and not any(credential in made.log() for credential in plane.credentials)
    for line in made.log().splitlines():
        assert set(json.loads(line)) == LINE_KEYS


@pytest.fixture
def own_plane() -> Iterator[Any]:
    """For a test that turns off or sets up what the others share."""
    from control_plane import ControlPlane
    made = ControlPlane()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def start_agent() -> Iterator[Callable[..., Any]]:
    """`AgentProcess`, of which none outlives its test."""
    from agents import AgentProcess
    made: list[AgentProcess] = []

    def start(*given: Any) -> AgentProcess:
        made.append(AgentProcess(*given))
        return made[-1]
    yield start
    for agent in made:
        agent.process.kill()
        agent.process.wait()
