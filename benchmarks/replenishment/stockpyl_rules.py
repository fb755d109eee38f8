"""Two of stockpyl's textbook policies as rules of the closed loop: the newsvendor under normal demand, and (s, S) by power approximation.

Both read mean and standard deviation of the last 26 weeks and cover lead time and review. stockpyl knows neither packs nor budgets; the
rules keep those as the other rules do. The (s, S) policy needs a fixed cost per order, which this case has not: its parameter is that cost
in weeks of holding a week's demand, chosen on the past like every parameter.
"""

from importlib.util import find_spec

import numpy as np

from optimization.closed_loop import Baseline, LoopTerms
from optimization.closed_loop.loop import Floats

WINDOW = 26
LEAST_MEAN, LEAST_SD = 1e-3, 1e-3


def stockpyl_rules() -> tuple[Baseline, ...]:
    """The rules; none where stockpyl is not installed."""
    if find_spec("stockpyl") is None:
        return ()
    return (
        Baseline("stockpyl newsvendor, 26 periods", WINDOW, (1.0,), _newsvendor),
        Baseline("stockpyl (s,S), 26 periods", WINDOW, (0.25, 1.0, 4.0), _upper, _lower),
    )


def _moments(history: Floats, known: np.ndarray, span: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of demand over `span` periods, per item."""
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, history, 0.0).sum(axis=1) / count
    variance = np.where(known, (history - mean[:, None]) ** 2, 0.0).sum(axis=1) / np.maximum(count - 1, 1)
    return np.maximum(mean * span, LEAST_MEAN), np.maximum(np.sqrt(variance * span), LEAST_SD)


def _newsvendor(history: Floats, known: np.ndarray, terms: LoopTerms, _: float) -> Floats:
    from stockpyl.newsvendor import newsvendor_normal

    mean, deviation = _moments(history, known, terms.longest_lead + 1)
    costs = terms.holding(mean.size), terms.shortage(mean.size)
    rows = zip(*costs, mean, deviation, strict=True)
    return np.array([max(float(newsvendor_normal(h, b, m, s)[0]), 0.0) for h, b, m, s in rows])


def _s_and_s(history: Floats, known: np.ndarray, terms: LoopTerms, parameter: float) -> Floats:
    from stockpyl.ss import s_s_power_approximation

    mean, deviation = _moments(history, known, terms.longest_lead + 1)
    holding, shortage = terms.holding(mean.size), terms.shortage(mean.size)
    fixed = np.maximum(parameter * holding * mean / (terms.longest_lead + 1), 1e-6)
    rows = zip(holding, shortage, fixed, mean, deviation, strict=True)
    return np.array([s_s_power_approximation(h, b, k, m, s) for h, b, k, m, s in rows], dtype=np.float64)


def _upper(history: Floats, known: np.ndarray, terms: LoopTerms, parameter: float) -> Floats:
    return np.maximum(_s_and_s(history, known, terms, parameter)[:, 1], 0.0)


def _lower(history: Floats, known: np.ndarray, terms: LoopTerms, parameter: float) -> Floats:
    return _s_and_s(history, known, terms, parameter)[:, 0]
