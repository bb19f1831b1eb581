"""`python -m vigkit` is the same as `vigkit`."""

import sys

from vigkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
