"""Orders from sample paths: what the order's own period will need, given everything that happens before it arrives.

On each path of demand the stock runs through the lead time with the receipts that are due; at the start of the order's period it lacks
`demand - stock`. The order is the fractile of what is lacking, at least 0: the newsvendor's answer (Arrow, Harris and Marschak 1951) with
the stock of each path instead of a mean. Which fractile is best is not the textbook's: what is left over is not lost but sold later, and
forecasts lean; it is chosen by replaying the past.
"""

import numpy as np

from optimization.closed_loop.loop import Floats, LoopTerms, Seen


def lacking(seen: Seen, paths: Floats, terms: LoopTerms, covered: int = 1) -> Floats:
    """Items x paths: units lacking in the `covered` periods from the one in which an order of now would arrive (below 0 where there is more
    than enough).

    paths: items x paths x at least lead time + `covered` coming periods.
    """
    stock = np.repeat(seen.stock[:, None], paths.shape[1], axis=1)
    for step in range(terms.longest_lead):
        stock = stock + seen.due[:, step, None] - paths[:, :, step]
        if terms.lost_sales:
            stock = np.maximum(stock, 0.0)
    lead = terms.longest_lead
    return paths[:, :, lead : lead + covered].sum(axis=2) - stock


def path_orders(seen: Seen, paths: Floats, terms: LoopTerms, fractile: Floats, covered: int = 1) -> Floats:
    """Whole units per item; fractile: per item, inside (0, 1); covered: periods until the next order arrives, more than 1 for a last order.

    Of the two whole numbers around the fractile the one with the lower expected cost is taken, over- and underage weighed by the fractile.
    """
    lacks = lacking(seen, paths, terms, covered)
    ordered = np.sort(lacks, axis=1)
    at = np.clip(np.ceil(fractile * lacks.shape[1]).astype(np.int64) - 1, 0, lacks.shape[1] - 1)
    best = np.maximum(ordered[np.arange(lacks.shape[0]), at], 0.0)
    low = np.floor(best)
    costs = [_expected(lacks, units, fractile) for units in (low, low + 1.0)]
    return np.where((best > low) & (costs[1] < costs[0]), low + 1.0, low)


def _expected(lacks: Floats, units: Floats, fractile: Floats) -> Floats:
    short = np.maximum(lacks - units[:, None], 0.0).mean(axis=1)
    over = np.maximum(units[:, None] - lacks, 0.0).mean(axis=1)
    return fractile * short + (1.0 - fractile) * over
