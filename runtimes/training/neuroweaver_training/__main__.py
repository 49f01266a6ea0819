"""Entry: `python -m neuroweaver_training agent | train | health`. Each part imports only what it needs."""

from __future__ import annotations

import sys

USAGE = 'usage: python -m neuroweaver_training agent | train (--spec FILE --out DIR | --host) | health'


def main(arguments: list[str]) -> int:
    """Runs the named part and returns its exit status."""
    part = arguments[0] if arguments else ''
    if part == 'health':
        from .agent.health import health
        return health()
    if part == 'agent':
        from .agent.main import main as agent
        return agent()
    if part == 'train':
        from .trainer.main import main as train
        return train(arguments[1:])
    print(USAGE, file=sys.stderr)
    return 2


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
