"""What a tree of folders says by its names: which folders are splits, which are classes, which only wrap.
Plain functions.

    train/cat/1.png        test/dog/2.png       splits, then classes
    cat/train/1.png        dog/test/2.png       classes, then splits
    pets_train/cat/1.png   pets_test/2.png      a split in a longer name; unlabelled without class folders
    train_cat/1.png        test_dog/2.png       a split and a class in one name
    cat/1.png              unlabeled/2.png      beside classes: pictures without a label

All of them also below wrapper folders, and with files that lie beside the folders: these have no label.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from ..messages import one_line
from .column_names import SPLIT_WORDS, split_name

Folders = tuple[str, ...]
SPLIT = re.compile(
    rf"(?<![a-z])({'|'.join(sorted(SPLIT_WORDS, key=len, reverse=True))})(?:set|data|images|imgs)?(?![a-z])",
    re.I)
UNLABELLED = re.compile(r"(unsup|unsupervised|unlabell?ed)[\W_]*(set|data|images|imgs)?", re.I)
PLAIN = {"set", "data", "dataset", "split", "part", "images", "image", "imgs", "img", "pictures", "photos",
         "folder"}
# of the files must lie in folders called like splits where only part of the name, or a deeper level, says so
MOST = 0.75


class NoLevel(ValueError):
    """There is no folder at a level that somebody asked for. deepest: folders of the deepest path."""

    def __init__(self, parameter: str, n: int, deepest: int):
        super().__init__(f"{parameter}: there is no folder at level {n}; the deepest path has {deepest}")
        self.deepest = deepest


@dataclass(frozen=True)
class Layout:
    """given: the split of each file or None; [] where no folder names one.  levels: the folders of each file
    below the wrappers, without the split: the first is its class.  keys: the files below these.  notes: what
    was decided, in numbers."""

    given: list[str | None]
    levels: list[Folders]
    keys: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def words(self) -> list[str | None]:
        """The class of each file; all None where there is one class only, which tells nothing."""
        words = [level[0] if level and not UNLABELLED.fullmatch(level[0]) else None for level in self.levels]
        return words if len(set(words) - {None}) > 1 else [None] * len(words)


def layout(names: list[str]) -> Layout:
    """The layout of these files, each "folder/folder/file.png" below one root."""
    folders = [tuple(name.split("/")[:-1]) for name in names]
    start = wrappers(folders)
    folders = [f[start:] for f in folders]
    if first := splits_first(folders):
        given = [first[f[0]][0] if f and f[0] in first else None for f in folders]
        levels = [first[f[0]][1] + f[1:] if g else () for f, g in zip(folders, given)]
        levels = unwrapped(given, levels)
    elif depth := split_level(folders):
        given = [split_of(f[depth]) if len(f) > depth else None for f in folders]
        levels = [f[:depth] + f[depth + 1:] if g else f for f, g in zip(folders, given)]
    else:
        given, levels = [], folders
    keys = ["/".join((*level, name.rpartition("/")[2])) for level, name in zip(levels, names)]
    found = Layout(given, levels, keys)
    return replace(found, notes=notes(names, given, found.words()))


def wrappers(folders: list[Folders]) -> int:
    """How many levels hold one folder only: an archive that was unpacked into a folder of its own, a lone
    train/."""
    start = 0
    while len({f[start] for f in folders if len(f) > start}) == 1:
        start += 1
    return start


def splits_first(folders: list[Folders]) -> dict[str, tuple[str, Folders]]:
    """The folders of the first level that name a split: folder -> (split, the class in the rest of its name);
    {} for none."""
    files = Counter(f[0] for f in folders if f)
    named = {name: found for name in files if (found := parted(name))}
    plain = {name: (split, ()) for name, (split, rest) in named.items() if not rest}
    if len(plain) > 1 and (len(plain) == len(files) or (several(sure(plain)) and share(plain, files) >= 0.5)):
        return plain
    splits_of = defaultdict(set)
    for split, rest in named.values():
        splits_of[rest.lower()].add(split)
    named = {name: (split, (rest,))
             for name, (split, rest) in named.items() if len(splits_of[rest.lower()]) > 1}
    if not several(sure(named)) or share(named, files) < MOST:
        return {}
    one = len({rest[0].lower() for _, rest in named.values()}) == 1  # the name of the data set, not a class
    return {name: (split, () if one else rest) for name, (split, rest) in named.items()}


def several(named: dict[str, tuple[str, Folders]]) -> bool:
    return len({split for split, _ in named.values()}) > 1


def sure(named: dict[str, tuple[str, Folders]]) -> dict[str, tuple[str, Folders]]:
    """Without folders of unlabelled files, which may lie beside classes as well as beside splits."""
    return {name: found for name, found in named.items() if not UNLABELLED.fullmatch(name)}


def share(names, files: Counter) -> float:
    return sum(files[name] for name in names) / files.total()


def spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def without_split(name: str) -> str:
    """A name without the words for a split."""
    return SPLIT.sub("", spaced(name))


def parted(name: str) -> tuple[str, str] | None:
    """("train", "pets") of "pets_train", ("validation", "") of "val2017" and "ValidationSet"; None where no
    split is named once."""
    found = {split_name(m[1]) for m in SPLIT.finditer(spaced(name))}
    if len(found) != 1:
        return None
    rest = without_split(name).strip(" _-.")
    tokens = re.findall(r"[^\W_]+", rest.lower())
    return found.pop(), "" if all(t in PLAIN or t.isdigit() for t in tokens) else rest


def split_of(name: str) -> str | None:
    """The split of a folder that is called like one and nothing else."""
    found = parted(name)
    return found[0] if found and not found[1] else None


def split_level(folders: list[Folders]) -> int:
    """The level below the classes at which folders are called like splits; 0 where there is none."""
    deep = [f for f in folders if f]
    for level in range(1, max(map(len, deep), default=0)):
        found = [split_of(f[level]) for f in deep if len(f) > level]
        if len(set(found) - {None}) > 1 and sum(s is not None for s in found) >= MOST * len(deep):
            return level
    return 0


def unwrapped(given: list[str | None], levels: list[Folders]) -> list[Folders]:
    """Levels without the folders that wrap a whole split, such as train/images/ and test/unknown/."""
    while True:
        first = defaultdict(set)
        for split, level in zip(given, levels):
            if level:
                first[split].add(level[0])
        same = len(set().union(*first.values())) == 1
        wrapped = {split for split, own in first.items() if len(own) == 1 and (same or not any(
            own & others for other, others in first.items() if other != split))}
        if not wrapped:
            return levels
        levels = [level[1:] if split in wrapped else level for split, level in zip(given, levels)]


def notes(names: list[str], given: list[str | None], words: list[str | None]) -> list[str]:
    """Files outside of the folders that the others lie in, and those in a folder of unlabelled files beside
    classes."""
    places: dict[str, list[str]] = defaultdict(list)
    given, words = given or [""] * len(names), words if any(words) else [""] * len(names)
    for name, split, word in zip(names, given, words):
        if any(words) and any(map(UNLABELLED.fullmatch, name.split("/")[:-1])):
            places["a folder of unlabelled ones"].append(name)
        elif split is None and word is None:
            places["no folder of a split or class, so training has them without a label"].append(name)
        elif split is None:
            places["no folder of a split, so training has them"].append(name)
        elif word is None:
            places["no class folder and without a label"].append(name)
    return [f"{len(found):,} pictures lie in {place}: {shown(found)}" if len(found) > 1 else
            f"1 picture lies in {place.replace('them', 'it')}: {shown(found)}"
            for place, found in places.items()]


def shown(names: list[str], most: int = 3) -> str:
    """Some names in one line, whatever characters they are made of."""
    return ", ".join(map(plain, names[:most])) + (", ..." if len(names) > most else "")


def plain(name: str) -> str:
    """A file name to print, shortened in the middle."""
    return one_line(name, 60).translate({ord("<"): "‹", ord(">"): "›"})
