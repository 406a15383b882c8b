"""A JupyterLab server of its own for the browser tests: own port, own settings, own kernels, nothing left
behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

QUIET = {  # no pop-ups and no saving behind the test's back
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def ask(url: str, method: str = "GET", seconds: float = 10):
    """The JSON answer of the server's own interface, None where it is empty."""
    with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=seconds) as reply:
        return json.loads(reply.read() or "null")


def shut_down_kernels(base: str) -> None:
    """Kernels live in process groups of their own, so they have to be asked one by one; one that restarts is
    asked again."""
    for left in reversed(range(20)):
        try:
            for kernel in ask(f"{base}/api/kernels"):
                ask(f"{base}/api/kernels/{kernel['id']}", "DELETE", 30)
            return
        except urllib.error.HTTPError:
            if not left:
                raise
            time.sleep(0.5)


def command(port: int, root: Path, state: Path) -> list[str]:
    return [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True",
        f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        f"--LabApp.app_settings_dir={state / 'settings'}", f"--LabApp.user_settings_dir={state / 'user'}",
        f"--LabApp.workspaces_dir={state / 'workspaces'}"]


def environment(state: Path, import_from: Path) -> dict[str, str]:
    """This process's environment without its Jupyter settings; kernels import sslbench from `import_from`."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("JUPYTER", "IPYTHON", "SSLBENCH_NO_SKIPS"))}
    return (env | {
         "JUPYTER_CONFIG_DIR": str(state / "config"), "JUPYTER_DATA_DIR": str(state / "data"),
         "JUPYTER_NO_CONFIG": "1",
         "JUPYTER_RUNTIME_DIR": str(state / "runtime"), "IPYTHONDIR": str(state / "ipython"),
         "PYTHONPATH": os.pathsep.join([str(import_from), *filter(None, [env.get("PYTHONPATH")])])})


def wait_until_up(process: subprocess.Popen, base: str, log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"JupyterLab ended while starting:\n{log.read_text()[-3000:]}")
        with contextlib.suppress(OSError):
            ask(f"{base}/api/status", seconds=1)
            return
        time.sleep(0.05)
    raise TimeoutError(f"JupyterLab did not answer within {seconds:.0f} s:\n{log.read_text()[-3000:]}")


def stop(process: subprocess.Popen, base: str) -> None:
    with contextlib.suppress(OSError):
        shut_down_kernels(base)
    for sign, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, sign)  # the group was made by this file, so nothing else is in it
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return


@contextlib.contextmanager
def lab_server(root: Path, state: Path, import_from: Path):
    """JupyterLab that shows the folder `root` and keeps its own files in `state`; yields its address."""
    port, log = free_port(), state / "server.log"
    base = f"http://127.0.0.1:{port}"
    (state / "settings").mkdir(parents=True)
    (state / "settings" / "overrides.json").write_text(json.dumps(QUIET))
    with open(log, "wb") as out:
        process = subprocess.Popen(command(port, root, state), stdout=out, stderr=subprocess.STDOUT,
                                   env=environment(state, import_from), start_new_session=True)
        try:
            wait_until_up(process, base, log)
            yield base
        finally:
            stop(process, base)
