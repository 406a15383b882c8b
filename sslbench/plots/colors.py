"""Colours and sizes of all figures: those of Okabe and Ito, and line styles, so that no one needs both."""

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PINK, YELLOW, GREY = "#56B4E9", "#CC79A7", "#F0E442", "#767676"
COLORS = (BLUE, ORANGE, GREEN, RED, SKY, PINK, GREY, YELLOW)
STYLES = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)))
INK, FAINT, LINE = "#222222", "#5f6368", "#d0d4d9"
SMALL, TEXT = 8, 9  # points of type
