"""One run as one flat frozen value: JSON, share string, Python line, command line. The bench edits it,
train() plays it."""

import json
import shlex
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cache
from typing import Annotated, Any

import torch

from .backbones import Backbone, towers
from .backbones.starting import start_from
from .catalog import LONGEST, Hyperparameter, annotated, contracts, nearest, plain
from .data import Data, Labelled
from .machine.random_numbers import Drawing
from .machine.torch_settings import own_settings
from .messages import MOST, in_words, limits, one_line, quoted, written
from .pretexts import Pretext
from .pretexts.fits import incompatible
from .storage import share_strings
from .storage.share_strings import LARGEST

WANTED = "a Recipe, such as Recipe(data=\"wild_digits\", steps=200)"  # where something else is given
OPTIMISERS = ("muon", "adamw")


@dataclass(frozen=True)
class Recipe:
    """What is trained, on what, how long. Hyperparameters are flat: {"pretext.mask_ratio": 0.6,
    "data.folder": "my/images"}.

    backbone: one name, or one per field: "caption:gru+image:small_cnn".  steps: optimiser steps.  batch_size:
    samples per step over all processes.  lr: peak learning rate (warm-up, then cosine to 0).  optimiser:
    "muon" (Jordan et al. 2024; vectors by AdamW) or "adamw" for all weights.
    labels: share of the training labels that becomes a field (for the supervised task).  init: run folder
    whose backbone this run starts from.  check() raises ValueError in one line.

        recipe = Recipe(data="wild_digits", pretext="masked", backbone="transformer", steps=200)
        recipe.check().share(), Recipe.ranges()["steps"].high
    """

    data: str = "wild_digits"
    pretext: str = "simclr"
    backbone: str = "small_cnn"
    steps: Annotated[int, Hyperparameter("optimiser steps", 1, 10**9)] = 400
    batch_size: Annotated[int, Hyperparameter("samples per step", 2, 10**6)] = 128
    lr: Annotated[float, Hyperparameter("peak learning rate; it warms up, then falls to 0", 0, 10,
                                        log=True)] = 2e-3
    weight_decay: Annotated[
        float, Hyperparameter("how strongly weights are pulled to 0", 0, 10, log=True)] = 0.05
    seed: Annotated[int, Hyperparameter("another seed, another run", 0, 2**31 - 1)] = 0
    labels: Annotated[
        float, Hyperparameter("share of the training labels that a supervised task may use", 0, 1)] = 0.0
    init: str = ""
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    optimiser: Annotated[str, Hyperparameter(
        "muon: every direction of a layer moves as far as any other; it learns in fewer steps",
        choices=OPTIMISERS)] = "muon"

    def __post_init__(self):
        """NumPy's numbers become Python's, paths their text, so that what is recorded can be read back."""
        for f in fields(self):
            object.__setattr__(self, f.name, plain(getattr(self, f.name)))
        if isinstance(self.hyperparameters, dict):
            object.__setattr__(self, "hyperparameters",
                               {plain(name): plain(value) for name, value in self.hyperparameters.items()})

    def check(self, *kinds: str) -> "Recipe":
        """This recipe with converted hyperparameters; ValueError in one line when it cannot be built. kinds:
        those of its classes that must be known here (all)."""
        self.check_types()
        checked = {}
        for key in kinds or contracts():
            checked |= {f"{key}.{name}": value for name, value in self.checked(key).items()}
        for name in self.hyperparameters:
            if name.partition(".")[0] not in contracts() or "." not in name:
                known = [f"{key}.{h}" for key in contracts() for h in self.known(key)]
                raise ValueError(nearest("hyperparameter", name, known))
        return replace(self, hyperparameters=checked)

    def check_types(self) -> None:
        """ValueError in one line for an entry of another type or out of range, whatever the catalogue
        holds."""
        for name, h in Recipe.ranges().items():
            value, low, high = getattr(self, name), h.low, h.high
            if h.choices:
                h.check(name, value)
                continue
            if h.type is int and (not isinstance(value, int) or isinstance(value, bool)):
                raise ValueError(f"{name} must be a whole number from {written(low)} to {written(high)}, not "
                                 f"{quoted(value)}")
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not low <= value <= high:
                raise ValueError(f"{name} must {limits(low, high)}, not {quoted(value)}")
        for name in ("data", "pretext", "backbone", "init"):
            if not isinstance(value := getattr(self, name), str) or len(value) > LONGEST:
                what = (f"no {contracts()[name].kind} is called"
                        if name in contracts() else f"{name} must name a run folder, not")
                raise ValueError(f"{what} {quoted(value)}")
        if (not isinstance(self.hyperparameters, dict)
            or not all(isinstance(name, str) for name in self.hyperparameters)):
            raise ValueError("hyperparameters must be a dict from names to values, not "
                             f"{quoted(self.hyperparameters)}")
        for name, value in self.hyperparameters.items():
            if not isinstance(value, (bool, int, float, str)):
                raise ValueError(f"{one_line(name, MOST)} must be a number, a text or true or false, not "
                                 f"{quoted(value)}")

    @staticmethod
    @cache
    def ranges() -> dict[str, Hyperparameter]:
        """The meaning and the range or choices of every entry that has some, with its default."""
        return {name: replace(h, default=getattr(Recipe, name)) for name, h in annotated(Recipe).items()}

    def classes(self, *kinds: str) -> list[tuple[str, type]]:
        """(kind, class) of the data, the pretext task and the backbone(s), or of some kinds of them."""
        return [(kind, cls) for kind in kinds or contracts() for cls in (
            [cls for _, cls in towers.named(self.backbone)]
            if kind == "backbone" else [contracts()[kind].find(getattr(self, kind))])]

    def known(self, key: str) -> dict[str, Hyperparameter]:
        """The hyperparameters that this recipe's data, pretext task or backbone has."""
        if key == "backbone":
            return towers.hyperparameters(self.backbone)
        return contracts()[key].find(getattr(self, key)).hyperparameters()

    def checked(self, key: str) -> dict[str, Any]:
        """The hyperparameters given for one kind, converted; ValueError for an unknown name or a value out of
        range."""
        if key == "backbone":
            return towers.checked(self.backbone, self.given(key))
        return contracts()[key].find(getattr(self, key)).checked(self.given(key))

    def given(self, key: str) -> dict[str, Any]:
        """The hyperparameters of one kind, without their prefix."""
        return {name.removeprefix(key + "."): value
                for name, value in self.hyperparameters.items() if name.startswith(key + ".")}

    @own_settings()
    def make_data(self) -> Data:
        """The data source, with the label as its last field when labels > 0."""
        data = Data.find(self.data)(**self.check().given("data"))
        return (Labelled(data, self.labels, self.seed, Pretext.find(self.pretext).reads_unlabelled)
                if self.labels else data)

    def incompatible(self, data: Data | None = None) -> str:
        """Why this combination does not fit, and what would; or ""."""
        data, pretext = data or self.make_data(), Pretext.find(self.pretext)
        return incompatible(data, pretext, self.backbone) or self.unequal(pretext.reads(data))

    def unequal(self, fields) -> str:
        """Why several backbones do not fit each other with these hyperparameters, or ""."""
        if "+" not in self.backbone:
            return ""
        try:
            with Drawing(self.seed), torch.device("meta"):  # no memory, no numbers
                self.make_backbone(fields)
        except ValueError as error:
            return str(error)
        return ""

    @own_settings()
    def build(self, data: Data | None = None) -> tuple[Data, Pretext]:
        """The data and the pretext task with its backbone, initialised from the seed; ValueError when they do
        not fit.

        data: what make_data() of this recipe gave earlier, with the splits that are loaded by now."""
        recipe = self.check()
        data = data or recipe.make_data()
        if why := recipe.incompatible(data):
            raise ValueError(f"{self.pretext} with {self.backbone} on {self.data} does not fit: {why}")
        return data, recipe.make_task(data)

    @own_settings()
    def make_task(self, data: Data) -> Pretext:
        """The pretext task with its backbone, initialised from the seed. Of `data` only what it says of its
        samples is needed."""
        task = Pretext.find(self.pretext)
        with Drawing(self.seed):
            backbone = self.make_backbone(task.reads(data))
            if self.init:  # before the task is built: a teacher is a copy of what the run starts from
                start_from(self.init, backbone)
            return task.made(backbone, data, **self.given("pretext"))

    def make_backbone(self, fields) -> Backbone:
        return towers.make(self.backbone, fields, self.given("backbone"))

    def changed(self) -> dict[str, Any]:
        """The entries that differ from the defaults, the three names always."""
        default = Recipe()
        return {f.name: getattr(self, f.name) for f in fields(self)
                if f.name in ("data", "pretext", "backbone")
                or getattr(self, f.name) != getattr(default, f.name)}

    def as_python(self) -> str:
        return f"fit(Recipe({', '.join(f'{name}={value!r}' for name, value in self.changed().items())}))"

    def as_command(self) -> str:
        flags = self.changed()
        flags |= flags.pop("hyperparameters", {})
        return ("python -m sslbench train "
                + " ".join(f"--{name.replace('_', '-') if '.' not in name else name} {shlex.quote(str(v))}"
                                                       for name, v in flags.items()))

    def share(self) -> str:
        """A short string that rebuilds this recipe elsewhere: Recipe.from_share(...), Workbench(...)."""
        return share_strings.packed(self.changed())

    @classmethod
    def from_share(cls, text: str) -> "Recipe":
        """The recipe that share() wrote; ValueError in one line for anything else."""
        return cls.from_dict(share_strings.unpacked(text))

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """The recipe that to_json() wrote; ValueError in one line for anything else."""
        if not isinstance(text, str):
            raise ValueError(f"from_json() reads the text that to_json() wrote, not {quoted(text)}")
        if len(text) > LARGEST:
            raise ValueError(f"a recipe has at most {LARGEST} characters, this one has {len(text)}")
        try:
            given = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{quoted(text, 40)} is not the JSON of a recipe ({in_words(error)})") from None
        return cls.from_dict(as_meant(given))

    @classmethod
    def from_dict(cls, given: dict) -> "Recipe":
        """The recipe with these entries; ValueError in one line for an unknown one or a value of another
        type."""
        if not isinstance(given, dict):
            raise ValueError(f"a recipe is a dict from names to values, not {quoted(given)}")
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise ValueError(nearest("entry of a recipe", name, known))
        recipe = cls(**given)
        recipe.check_types()
        return recipe


def as_meant(record: dict) -> dict:
    """The entries of a record, which are all of them, with what those meant that were not there yet when it
    was written."""
    earlier = share_strings.EARLIER["ssl1"]
    whole = isinstance(record, dict) and {f.name for f in fields(Recipe)} - set(record) <= set(earlier)
    return {**earlier, **record} if whole else record
