"""Tests import their helpers by name, and compute on one thread as the agent's trainers do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ['OMP_NUM_THREADS'] = '1'
os.environ['OMP_WAIT_POLICY'] = 'PASSIVE'
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
