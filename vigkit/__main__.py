"""`python -m vigkit` is the same as `vigkit`."""

import os
import sys


def main() -> int:
    """Run one verb; a Ctrl-C while Python is still reading our files is told like any other."""
    try:
        from vigkit import cli

        status = cli.main()
    except KeyboardInterrupt:
        from vigkit import cli

        status = cli.stopped(sys.argv[1:])
    if status == 130:  # stopped by Ctrl-C
        # Python would otherwise end by the signal, where it came while a dataclass was being made
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


if __name__ == "__main__":
    sys.exit(main())
