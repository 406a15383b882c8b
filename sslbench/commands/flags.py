"""Flags of the command line: one for each entry of a recipe and each hyperparameter, made from the
catalogue."""

import argparse
from dataclasses import Field, fields, replace

from ..catalog import contracts, nearest
from ..data import locations
from ..messages import in_words, one_line, quoted, written
from ..recipe import Recipe
from ..storage import share_strings
from ..storage.share_strings import LARGEST

HIDDEN = argparse.SUPPRESS  # a flag that --help does not show


class Parser(argparse.ArgumentParser):
    """argparse's, whose complaints are one line."""

    def error(self, message):
        raise ValueError(f"{one_line(message, 200)}; {self.prog} --help says more")


def parser(name: str, what: str) -> Parser:
    p = Parser(prog=f"python -m sslbench {name}", description=what, allow_abbrev=False)
    p.add_argument("--traceback", action="store_true",
                   help="when something goes wrong, say where in the code")
    return p


def flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def recipe_flags(p: argparse.ArgumentParser) -> None:
    """One flag per field of a Recipe; hyperparameters are flags of their own."""
    for f in fields(Recipe):
        if f.name != "hyperparameters":
            names = (" or ".join(contracts()[f.name].all() | contracts()[f.name].all_families())
                     if f.name in contracts() else f"default {f.default!r}")
            p.add_argument(flag(f.name), *({"--" + f.name} - {flag(f.name)}), dest=f.name, help=names)
    p.add_argument("--recipe", help="a recipe.json or a share string to start from; other flags change it")


def hyperparameter_flags(p: argparse.ArgumentParser, recipe: Recipe) -> None:
    known = {f"{key}.{name}": h for key in contracts() for name, h in recipe.known(key).items()}
    for name, h in known.items():
        limits = f" {written(h.low)} to {written(h.high)}" if None not in (h.low, h.high) else ""
        p.add_argument(f"--{name}", help=f"{h.meaning}{limits} (default {h.default})".replace("%", "%%"))


def read(p: argparse.ArgumentParser, argv: list[str]) -> tuple[Recipe, argparse.Namespace]:
    """The recipe that the flags describe, checked, and the other flags."""
    recipe_flags(p)
    wants_help = any(word in ("-h", "--help") for word in argv)
    early, _ = p.parse_known_args([word for word in argv if word not in ("-h", "--help")])
    given = {f.name: typed(f, getattr(early, f.name))
             for f in fields(Recipe) if getattr(early, f.name, None) is not None}
    recipe = replace(_start(early.recipe), **given)
    hyperparameter_flags(p, recipe)
    args, unknown = p.parse_known_args(argv + ["--help"] * (wants_help and not set(argv) & {"-h", "--help"}))
    for word in unknown:
        known = [name.lstrip("-") for action in p._actions for name in action.option_strings]
        raise ValueError(nearest("flag", word.lstrip("-").split("=")[0], known))
    chosen = {name: value for name, value in vars(args).items() if "." in name and value is not None}
    return replace(recipe, hyperparameters={**recipe.hyperparameters, **chosen}).check(), args


def typed(f: Field, text: str) -> int | float | str:
    """The value of a recipe's entry; a text that is no number stays one, and the recipe's check says what it
    must be."""
    try:
        return f.type(text)
    except ValueError:
        return text


def _start(text: str | None) -> Recipe:
    if text is None:
        return Recipe()
    if share_strings.is_one(text):
        return Recipe.from_share(text)
    path = locations.existing(text, "recipe", "--recipe")
    if path.is_dir():
        raise IsADirectoryError(f"{quoted(text)} is a folder; --recipe must be a recipe.json or a share "
                                "string")
    with open(path, "rb") as file:
        content = file.read(4 * LARGEST + 1)
    try:
        return Recipe.from_json(content.decode("utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{quoted(text)} is no recipe: {in_words(error)}") from None
