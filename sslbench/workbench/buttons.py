"""What the buttons of a bench do: they call the public methods of the bench, as a notebook does. No
widgets."""

from pathlib import Path

from ..runs.run import Run
from .painter import threads_are_shown


class Buttons:
    """One method for each button and menu that is not about the recipe."""

    def __init__(self, bench, controller):
        self._bench, self._controller = bench, controller
        self.wake, self.failed = controller.wake, controller.failed

    def press_train(self) -> None:
        """Train in the background; in Colab in the click itself, where an interrupt is a pause."""
        self._controller.panel.leave_task_tab(before=self._bench.run)
        try:
            self._bench.start() if threads_are_shown() else self._bench.train()
        except KeyboardInterrupt:
            self.wake()

    def toggle(self) -> None:
        self._bench.toggle()

    def stop(self) -> None:
        self._bench.stop()

    def reroll(self) -> None:
        self._bench.reroll()

    def show(self, run: Run) -> None:
        self._bench.show(run)

    def load(self, folder: str | Path) -> Run:
        return self._bench.load(folder)

    def use_batch_size(self) -> None:
        """What the button below an error says: the batch size that fits."""
        size = self._controller.state(self._controller.page.said).batch_size
        if size:
            self._controller.choices.set_batch_size(size)
