"""A real agent process for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

PACKAGE_PARENT = Path(__file__).resolve().parents[1]


class AgentProcess:
    """Starts `python -m neuroweaver_training agent`; its log lines end in `log_path`."""

    def __init__(self, url: str, token: str, state_dir: Path, artifact_dir: Path | None = None) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self.state_dir = state_dir
        self.log_path = state_dir.parent / f'{state_dir.name}.log'
        environment = {**os.environ, 'NEUROWEAVER_CONTROL_URL': url, 'RUNTIME_TOKEN': token, 'NEUROWEAVER_STATE_DIR': str(state_dir),
                       'NEUROWEAVER_RUNTIME_NAME': state_dir.name, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(PACKAGE_PARENT)}
        environment.pop('NEUROWEAVER_ARTIFACT_DIR', None)
        if artifact_dir:
            environment['NEUROWEAVER_ARTIFACT_DIR'] = str(artifact_dir)
        with open(self.log_path, 'ab') as stream:
            self.process = subprocess.Popen([sys.executable, '-m', 'neuroweaver_training', 'agent'], env=environment, stdout=stream,
                                            stderr=stream)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            return self.process.wait(25)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def log(self) -> str:
        return self.log_path.read_text('utf-8')
