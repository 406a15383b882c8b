"""The bench: menus that edit a Recipe, buttons that drive a Player, tabs that show what was learned.

In the order of a click: a control in `choosing/` changes the recipe and tells the `controller`, which knows
what one part means to the others. `buttons` call the public methods of `bench`; Train makes a `session` (the
run, its player, its network), and the run joins the `run_list`. `preview` and `estimate` find out beside it
what the task looks like and how long it will take, as `background` jobs. Whatever has changed wakes the
`painter`, which reads all that is painted as one frozen `page_state` (with the `shown_run`, and its maps from
`run_maps`) and lets `panel` and the `tabs/` write it into `widgets`. `page` is the bench in its notebook;
`open_benches` knows which are open; what is raised on the way ends in the `error_line`.
"""

from .augmentation_sandbox import AugmentationSandbox
from .bench import Workbench

__all__ = ["AugmentationSandbox", "Workbench"]
