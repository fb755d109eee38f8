"""Customer segments: named RFM rules and a frozen k-means whose groups last, and what other ways of grouping would give."""

from learning.segments.compare import FROZEN, SCORES_SCHEMA, compare_methods
from learning.segments.fit_segments import fit_segments
from learning.segments.membership import MEMBERSHIP_SCHEMA, joined_today, memberships
from learning.segments.model_chain import DriftTest, drift, model_chain, model_on
from learning.segments.rfm import RFM, rfm_segments
from learning.segments.segment_model import SegmentModel
from learning.segments.segment_profiles import PROFILE_SCHEMA, segment_profiles
from learning.segments.settings import SegmentSettings

__all__ = [
    "FROZEN",
    "MEMBERSHIP_SCHEMA",
    "PROFILE_SCHEMA",
    "RFM",
    "SCORES_SCHEMA",
    "DriftTest",
    "SegmentModel",
    "SegmentSettings",
    "compare_methods",
    "drift",
    "fit_segments",
    "joined_today",
    "memberships",
    "model_chain",
    "model_on",
    "rfm_segments",
    "segment_profiles",
]
