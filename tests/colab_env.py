"""A Python with Colab's old notebook packages that shares everything else, torch above all, with the tests'
own.

`python()` makes .venv-colab once (about 20 s); its old packages come first on the path, the shared ones after
them.
"""

import hashlib
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / ".venv-colab"
# As on Colab, with what these need of their own; --no-deps because ipywidgets 7 asks for the whole notebook
# server.
PACKAGES = ["ipywidgets==7.7.1", "ipykernel==6.17.1", "ipython==7.34.0", "traitlets==5.7.1",
            "jupyter_client==7.4.9",
            "tornado==6.3.3", "ipython_genutils==0.2.0", "pickleshare==0.7.5", "backcall==0.2.0",
            "decorator==4.4.2",
            "entrypoints==0.4", "nest_asyncio==1.6.0", "jedi==0.18.2", "parso==0.8.4"]


def python() -> Path:
    """The interpreter of the environment, made first if its list of packages or the shared environment has
    changed."""
    shared = [sysconfig.get_paths()["purelib"], str(REPOSITORY)]
    key = hashlib.sha256(repr((PACKAGES, shared, sys.version)).encode()).hexdigest()
    stamp, interpreter = FOLDER / "made-of", FOLDER / "bin" / "python"
    if not (stamp.is_file() and stamp.read_text() == key and interpreter.exists()):
        venv.create(FOLDER, clear=True, with_pip=True)
        pip = [interpreter, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-deps"]
        subprocess.run([*pip, *PACKAGES], check=True, timeout=280)
        own = subprocess.run([interpreter, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
                             check=True, capture_output=True, text=True).stdout.strip()
        # a .pth file appends, so the old packages win
        (Path(own) / "shared.pth").write_text("\n".join(shared) + "\n")
        stamp.write_text(key)
    return interpreter
