"""A run of toy series in a process of its own that kills itself while a checkpoint is written: killed_run.py
FOLDER STEP"""

import os
import signal
import sys

from toys import list_toy

from sslbench.runs.on_disk import record
from sslbench.storage import tensor_files
from sslbench.training.loop import train

folder, fatal = sys.argv[1], f"checkpoint-{int(sys.argv[2]):07d}"
replace = os.replace


def replace_or_die(part, path):
    """The part file is on disk, the checkpoint is not yet: the worst moment."""
    if fatal in str(path):
        os.kill(os.getpid(), signal.SIGKILL)
    replace(part, path)


tensor_files.os.replace = replace_or_die
recipe = list_toy()
for _ in record(train(recipe, device="cpu", evaluations=1, checkpoint_every=2), recipe, folder):
    pass
