"""`python -m vigkit` is the same as `vigkit`."""

import sys


def main() -> int:
    """Run one verb; a Ctrl-C while Python is still reading our files is told like any other."""
    try:
        from vigkit import cli

        return cli.main()
    except KeyboardInterrupt:
        from vigkit import cli

        return cli.stopped(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
