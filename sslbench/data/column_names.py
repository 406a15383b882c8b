"""The words by which people call columns and splits, in small letters: one place for all sources of the
user's own files."""

# of a column of labels, the likely ones first
LABELS = ("label", "labels", "class", "classes", "class_name", "target", "targets", "category", "categories",
          "y", "activity", "gesture",
          "sentiment", "polarity", "topic", "emotion", "intent", "genre", "stars", "rating", "species",
          "breed", "diagnosis", "behavior",
          "behaviour", "fault", "anomaly")
PEOPLE = ("subject", "person", "patient", "participant", "user", "speaker", "volunteer", "athlete", "driver",
          "animal")
PERSONS = frozenset((*PEOPLE, *(f"{one}s" for one in PEOPLE)))
GROUPS = ("group", "groups",
          *(f"{one}{end}" for one in PEOPLE for end in ("", "s", "_id", "_ids", "id", "ids")))
SPLIT_COLUMNS = ("split", "splits", "set", "subset", "partition", "fold", "fold_name", "usage")
SPLIT_WORDS = {"train": "train", "training": "train", "trn": "train", "unsup": "train", "unlabelled": "train",
               "unlabeled": "train",
               "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
               "devel": "validation",
               "development": "validation", "test": "test", "testing": "test", "tst": "test", "eval": "test",
               "evaluation": "test",
               "holdout": "test"}


def split_name(word) -> str | None:
    """"train", "validation" or "test" for the usual names of the splits, in any case; None for another
    word."""
    return SPLIT_WORDS.get(str(word).strip().lower())


def likely(columns) -> str:
    """The column that is called like a label; "" where none is. y is none beside x, where both are axes."""
    lower = {str(name).strip().lower(): name for name in reversed(list(columns))}
    return next((lower[word] for word in LABELS if word in lower and (word != "y" or "x" not in lower)), "")
