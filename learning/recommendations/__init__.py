"""Recommendations: what a customer will buy again, may discover, or starts with, each with a calibrated chance and a reason."""

from learning.recommendations.blend import blend_scores, popularity_scores
from learning.recommendations.calibration import Calibration, calibrate
from learning.recommendations.evaluation import MEASURES, Lists, ndcg_per_customer, score_lists
from learning.recommendations.exploring import draw_places
from learning.recommendations.features import FEATURES
from learning.recommendations.history import History, history_of
from learning.recommendations.judge import METHODS
from learning.recommendations.lists import LIST_SCHEMA, recommend
from learning.recommendations.newcomers import newcomer_chances
from learning.recommendations.reasons import REASON_CODES, with_words
from learning.recommendations.recommender import Recommender, train_recommender
from learning.recommendations.reranker import Reranker, train_reranker
from learning.recommendations.settings import RecommendationSettings
from learning.recommendations.snapshot import Examples, Snapshot, bought_within, examples, missed_by, snapshot_of

__all__ = [
    "FEATURES",
    "LIST_SCHEMA",
    "MEASURES",
    "METHODS",
    "REASON_CODES",
    "Calibration",
    "Examples",
    "History",
    "Lists",
    "RecommendationSettings",
    "Recommender",
    "Reranker",
    "Snapshot",
    "blend_scores",
    "bought_within",
    "calibrate",
    "draw_places",
    "examples",
    "history_of",
    "missed_by",
    "ndcg_per_customer",
    "newcomer_chances",
    "popularity_scores",
    "recommend",
    "score_lists",
    "snapshot_of",
    "train_recommender",
    "train_reranker",
    "with_words",
]
