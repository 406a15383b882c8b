"""Menus and controls that edit a recipe."""
