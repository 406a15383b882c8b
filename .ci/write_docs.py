"""The API as pages of HTML: python .ci/write_docs.py FOLDER. The names of `sslbench` are imported when they
are used; pdoc wants them there, so they are used first."""

import sys
from pathlib import Path

import pdoc

import sslbench


def main(folder: str) -> None:
    for name in sslbench.__all__:
        setattr(sslbench, name, getattr(sslbench, name))
    pdoc.render.configure(show_source=False, docformat="markdown")
    pdoc.pdoc("sslbench", "sslbench.probes", "sslbench.shown", output_directory=Path(folder))
    print(f"{folder}/index.html")


if __name__ == "__main__":
    main(*sys.argv[1:])
