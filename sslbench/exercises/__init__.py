"""Instant checks of the notebooks' exercises: one file for each notebook.

    answer = ...                  # shows: waiting for your answer
    check_info_nce(answer)
"""

from .fill_the_gap import check_hidden_error, check_mask
from .two_views import check_byol_distance, check_chance, check_info_nce
from .what_comes_next import check_entropy, check_shift

__all__ = ["check_byol_distance", "check_chance", "check_entropy", "check_hidden_error", "check_info_nce",
           "check_mask", "check_shift"]
