"""A notebook kernel without a browser: run cells, see the widgets' states as the page would, click on them.

    with Kernel(python) as kernel:
        kernel.run("wb = Workbench(); wb")
        kernel.click("sslb-train")
        kernel.wait(lambda: "running" in kernel.state("sslb-status")["value"])
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from queue import Empty

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.connect import write_connection_file


class Kernel:
    """A kernel process of the given Python, and what it has told its page so far."""

    def __init__(self, python: str | Path = sys.executable, cwd: str | Path | None = None,
                 env: dict | None = None):
        self.folder = tempfile.TemporaryDirectory(prefix="kernel-")
        self.widgets: dict[str, dict] = {}  # comm id -> state
        self.printed, self.updates = "", 0
        file, _ = write_connection_file(str(Path(self.folder.name) / "connection.json"))
        self.process = subprocess.Popen([str(python), "-m", "ipykernel_launcher", "-f", file], cwd=cwd,
                                        env=env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client = BlockingKernelClient(connection_file=file)
        self.client.load_connection_file()
        # a busy machine misses heartbeats; self.process tells whether it lives
        self.client.start_channels(hb=False)

    def __enter__(self):
        try:
            self.client.wait_for_ready(timeout=60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.process.kill()
        self.process.wait(10)
        self.folder.cleanup()

    def run(self, code: str, seconds: float = 60) -> str:
        """Run a cell to its end; what it printed. A cell that raises is a RuntimeError here."""
        self.printed = ""
        sent = self.client.execute(code)
        errors = []

        def finished():
            message = self._hear()
            if message is None or message["parent_header"].get("msg_id") != sent:
                return False
            if message["msg_type"] == "error":
                errors.append("\n".join(message["content"]["traceback"]))
            return message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"

        self._until(finished, seconds)
        if errors:
            raise RuntimeError(errors[0])
        return self.printed

    def wait(self, condition, seconds: float = 60):
        """Listen until `condition()` is true; its value."""
        return self._until(lambda: condition() or (self._hear(), condition())[1], seconds)

    def state(self, css_class: str) -> dict:
        """The newest widget with this class: its state as the page has it."""
        return self.widgets[self._find(css_class)]

    def click(self, css_class: str) -> None:
        self._send(self._find(css_class), {"method": "custom", "content": {"event": "click"}})

    def set(self, css_class: str, **traits) -> None:
        """Change traits as a page does when somebody turns a knob."""
        self._send(self._find(css_class), {"method": "update", "state": traits, "buffer_paths": []})

    def _find(self, css_class: str) -> str:
        found = [comm for comm, state in self.widgets.items() if css_class in state.get("_dom_classes", ())]
        if not found:
            raise LookupError(f"no widget has the class {css_class}")
        return found[-1]

    def _send(self, comm: str, data: dict) -> None:
        session = self.client.session
        self.client.shell_channel.send(session.msg("comm_msg", {"comm_id": comm, "data": data}))

    def _until(self, condition, seconds: float):
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {seconds} s; the kernel printed: {self.printed[-500:]}")
            if self.process.poll() is not None:
                raise RuntimeError(f"the kernel ended with code {self.process.returncode}")
        return value

    def _hear(self) -> dict | None:
        """The next message to the page, noted down; None when there was none for a moment."""
        with contextlib.suppress(Empty):
            message = self.client.get_iopub_msg(timeout=0.1)
            content = message["content"]
            if message["msg_type"] == "stream":
                self.printed += content["text"]
            elif message["msg_type"] in ("comm_open", "comm_msg"):
                self._note(content["comm_id"], content["data"], message["buffers"])
            return message
        return None

    def _note(self, comm: str, data: dict, buffers: list) -> None:
        state = self.widgets.setdefault(comm, {})
        state.update(data.get("state", {}))
        for path, buffer in zip(data.get("buffer_paths", ()), buffers, strict=False):
            if len(path) == 1:  # pictures; deeper ones are not needed here
                state[path[0]] = bytes(buffer)
        self.updates += data.get("method") == "update"
