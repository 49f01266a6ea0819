"""`train`: one job from specification to result files, told in events."""

from __future__ import annotations

import argparse
import errno
import json
import os
import traceback
from pathlib import Path
from typing import Any

from ..errors import EXIT_CANCELLED, EXIT_DONE, EXIT_INTERNAL, EXIT_UNAVAILABLE, InvalidSpec, Stopped, TrainingError
from . import stop
from .emit import Emitter


def main(arguments: list[str]) -> int:
    """Runs one job and returns its exit status; `--host` serves one job after the other, as `host.serve` tells."""
    parser = argparse.ArgumentParser(prog='neuroweaver_training train')
    parser.add_argument('--spec', type=Path)
    parser.add_argument('--out', type=Path)
    parser.add_argument('--host', action='store_true')
    options = parser.parse_args(arguments)
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
    emit = Emitter(_keep_stdout())
    if options.host:
        from .host import serve
        serve(emit, run)
        return EXIT_DONE
    if options.spec is None or options.out is None:
        parser.error('--spec and --out are needed, or --host')
    stop.listen()
    return run(options.spec, options.out, emit)


def _keep_stdout() -> int:
    """Libraries print to stdout: events keep a copy of it, and fd 1 becomes stderr."""
    kept = os.dup(1)
    os.set_inheritable(kept, False)
    os.dup2(2, 1)
    return kept


def run(spec_path: Path, out: Path, emit: Emitter) -> int:
    """The last event is `done`, `stopped` or `error`, and it has the last word over the exit status."""
    emit.state('starting')
    try:
        _train(json.loads(spec_path.read_text('utf-8')), out, emit)
    except Stopped:
        emit.send('stopped')
        return EXIT_CANCELLED
    except TrainingError as error:
        emit.send('error', code=error.code, message=error.message)
        return error.exit_code
    except MemoryError:
        emit.send('error', code='out_of_memory', message='The machine has too little memory for this job.')
        return EXIT_INTERNAL
    except Exception as error:
        return _unexpected(error, emit)
    emit.send('done')
    return EXIT_DONE


def _unexpected(error: Exception, emit: Emitter) -> int:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        emit.send('error', code='resource_unavailable', message='The disk of the training machine is full.')
        return EXIT_UNAVAILABLE
    traceback.print_exc()
    emit.send('error', code='internal', message=f'{type(error).__name__}: {error}'[:2000])
    return EXIT_INTERNAL


def _train(spec: dict[str, Any], out: Path, emit: Emitter) -> None:
    from ..recipes import hyper_parameters
    from ..recipes.context import Context
    from .checkpoint import Checkpoints, spec_fingerprint
    params = hyper_parameters(spec['recipe'], spec.get('hyper_parameters') or {})
    out.mkdir(parents=True, exist_ok=True)
    source = (spec.get('checkpoint') or {}).get('file')
    checkpoints = Checkpoints(out, emit, spec_fingerprint(spec), Path(source) if source else None)
    context = Context(spec, params, out, emit, checkpoints)
    if spec['recipe'].startswith('tabular-'):
        from ..recipes.tabular import run as recipe
    elif spec['recipe'] == 'text-classification':
        from ..recipes.text import run as recipe
    else:
        raise InvalidSpec(f'recipe: "{spec["recipe"]}" has no trainer')
    recipe(context)
