"""Instant checks of the notebooks' exercises: one file for each notebook.

    answer = ...                  # shows: waiting for your answer
    check_info_nce(answer)
"""

from .collapse import check_deviation, check_effective_rank
from .fill_the_gap import check_hidden_error, check_mask
from .predict_embeddings import check_target, check_where_hidden
from .two_views import check_byol_distance, check_chance, check_info_nce
from .what_comes_next import check_entropy, check_shift
from .what_was_done import check_puzzle_chance, check_turn
from .what_was_learned import check_balanced_accuracy, check_standard_error
from .without_negatives import check_moving_average, check_redundancy

__all__ = ["check_balanced_accuracy", "check_byol_distance", "check_chance", "check_deviation",
           "check_effective_rank", "check_entropy", "check_hidden_error", "check_info_nce", "check_mask",
           "check_moving_average", "check_puzzle_chance", "check_redundancy", "check_shift",
           "check_standard_error", "check_target", "check_turn", "check_where_hidden"]
