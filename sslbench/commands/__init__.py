"""The command line: a verb, then flags; every field of a Recipe and every hyperparameter is one, by its place
and name.

    python -m sslbench train --data wild_digits --pretext masked --pretext.mask_ratio 0.7 --out runs/first
    torchrun --nproc-per-node 2 -m sslbench train --recipe runs/first/recipe.json --out runs/second
    python -m sslbench compare runs/first runs/second

A mistake is one line on standard error; with --traceback also where it happened.
"""

import os
import sys
import traceback
import warnings
from importlib import import_module

from ..catalog import nearest
from ..messages import in_words, one_line
from ..notes import Note

# each is a file here (- as _), with a function run(words)
VERBS = "train", "resume", "show", "compare", "few-labels", "tournament", "export", "catalog"


def main(argv: list[str] | None = None) -> int:
    """Run one verb; whatever goes wrong is one line on standard error and exit code 2."""
    argv = list(sys.argv[1:] if argv is None else argv)
    words = [word for word in argv if word != "--traceback"]
    try:
        with warnings.catch_warnings():
            warnings.showwarning = note
            # whatever -W says: what a run lost or decided is nowhere else
            warnings.simplefilter("always", Note)
            code = import_module(f".{verb(words).replace('-', '_')}", __name__).run(words[1:])
            if sys.stdout:  # None where it is closed
                sys.stdout.flush()
            return code
    except BrokenPipeError:  # who read the output has seen enough: sslbench show FOLDER | head
        sys.stdout = open(os.devnull, "w")  # what is left is written at the end, to nowhere
        return 141
    except Exception as error:
        if words != argv:
            traceback.print_exc()
        print(f"sslbench: {in_words(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sslbench: interrupted; a run with --out goes on with: python -m sslbench resume FOLDER",
              file=sys.stderr)
        return 130


def note(message, category, filename, lineno, file=None, line=None) -> None:
    """A warning as one line on standard error."""
    print(f"sslbench: {one_line(str(message))}", file=sys.stderr)


def verb(argv: list[str]) -> str:
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__ + "\nverbs: " + ", ".join(VERBS) + "; python -m sslbench VERB --help says more")
        raise SystemExit(0 if argv else 2)
    if argv[0] not in VERBS:
        raise ValueError(nearest("verb", argv[0], VERBS))
    return argv[0]
