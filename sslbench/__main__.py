"""python -m sslbench VERB: see sslbench/commands."""

import sys

from .runs.parents import watch_parents

if __name__ == "__main__":
    watch_parents()  # before torch is imported, which takes seconds

    from .commands import main

    sys.exit(main())
