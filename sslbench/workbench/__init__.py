"""The bench: menus that edit a Recipe, buttons that drive a Player, tabs that show what was learned."""

from .bench import Workbench

__all__ = ["Workbench"]
