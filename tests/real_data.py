"""Where real data sets are, for tests: the folders of SSLBENCH_DATA, else shared/data beside the
repository."""

import os
from pathlib import Path

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
if not os.environ.get("SSLBENCH_DATA") and BESIDE.is_dir():
    os.environ["SSLBENCH_DATA"] = str(BESIDE)


def real(*names: str) -> list[Path]:
    """Those of the named files and folders that are there; tests are made for these, so none is skipped."""
    folders = [Path(f) for f in os.environ.get("SSLBENCH_DATA", "").split(os.pathsep) if f]
    return [folder / name for name in names for folder in folders if (folder / name).exists()]
