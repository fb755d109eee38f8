"""Conflicts as few, strong rows: products of which any two are in conflict share one row, at most one of them per week.

Each conflict is covered by some row; rows are grown from the pairs in order, so the same pairs give the same rows.

Public: `conflict_cliques`.
"""

from collections.abc import Iterable


def conflict_cliques(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return groups of products, each a clique of the conflicts, that cover every pair; products and groups are sorted."""
    ordered = sorted({(min(pair), max(pair)) for pair in pairs})
    neighbours: dict[str, set[str]] = {}
    for a, b in ordered:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    covered: set[tuple[str, str]] = set()
    found: list[tuple[str, ...]] = []
    for a, b in ordered:
        if (a, b) in covered:
            continue
        clique, common = {a, b}, neighbours[a] & neighbours[b]
        while common:
            taken = min(common)
            clique.add(taken)
            common = common & neighbours[taken]
        group = tuple(sorted(clique))
        covered |= {(one, other) for index, one in enumerate(group) for other in group[index + 1 :]}
        found.append(group)
    return found
