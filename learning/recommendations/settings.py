"""Settings of the recommendations: the blend, the candidates, the re-ranker and the lists."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RecommendationSettings:
    """Validated settings; every default can be argued about in one place.

    The blend is `own + popularity_weight * (popularity / greatest popularity) ** popularity_exponent`: own counts the days on which a
    customer bought a product, halved every `own_half_life_days`; popularity counts all customers' days, halved every
    `popularity_half_life_days`.

    window_days              a recommendation is right where the product is bought within so many days
    training_windows         windows behind the re-ranker, the newest ending on the training day, `training_step_days` apart
    fewest_examples          bought candidates below which nothing is learned and the blend decides
    own_candidates           most products per customer taken from those bought before, by the blend
    similar_candidates       most from products bought by the same customers
    neighbour_candidates     most from what alike customers bought
    popular_candidates       most popular products, the same for all
    item_neighbours          neighbours kept per product
    customer_neighbours      alike customers behind the user-CF score
    most_neighbours          customers among whom alike ones are looked for: a sample beyond it
    factors                  length of the factor vectors of the matrix factorisation
    rounds                   trees of the re-ranker
    most_training_customers  customers per training window; a larger shop gives a sample
    reranked_share           of the customers with lists re-ranked each day, those who bought last first; others get the blend's lists
    fewest_reranked, most_reranked   bounds of their number
    most_listed              customers with lists per day, those who bought last first
    most_learned_from        customers whose purchases methods and models are learned from: a sample beyond it
    top                      places in a list
    explore                  whether the last place of `discover` is drawn by lot
    explore_pool             most products among which it is drawn
    new_product_days         a product is new for so many days after its first sale
    """

    own_half_life_days: float = 240.0
    popularity_weight: float = 1.0
    popularity_exponent: float = 0.5
    popularity_half_life_days: float = 14.0
    window_days: int = 28
    training_windows: int = 3
    training_step_days: int = 28
    fewest_examples: int = 200
    own_candidates: int = 60
    similar_candidates: int = 20
    neighbour_candidates: int = 10
    popular_candidates: int = 20
    item_neighbours: int = 100
    customer_neighbours: int = 150
    most_neighbours: int = 20_000
    factors: int = 32
    rounds: int = 80
    most_training_customers: int = 400
    reranked_share: float = 0.2
    fewest_reranked: int = 500
    most_reranked: int = 20_000
    most_listed: int = 100_000
    most_learned_from: int = 100_000
    top: int = 10
    explore: bool = True
    explore_pool: int = 20
    new_product_days: int = 28
    seed: int = 7

    def __post_init__(self) -> None:
        """Refuse settings out of range."""
        for name in ("own_half_life_days", "popularity_half_life_days", "popularity_exponent"):
            if not getattr(self, name) > 0:
                raise ValueError(f"Expected {name} above 0; got {getattr(self, name)}.")
        if not 0 <= self.reranked_share <= 1:
            raise ValueError(f"Expected reranked_share in [0, 1]; got {self.reranked_share}.")
        if self.popularity_weight < 0:
            raise ValueError(f"Expected popularity_weight of 0 or more; got {self.popularity_weight}.")
        for name in (
            "window_days", "training_windows", "training_step_days", "fewest_examples", "own_candidates", "similar_candidates",
            "popular_candidates", "item_neighbours", "customer_neighbours", "most_neighbours", "factors", "rounds",
            "most_training_customers",
            "fewest_reranked", "most_reranked", "most_listed", "most_learned_from", "top", "explore_pool", "new_product_days",
        ):  # fmt: skip
            if getattr(self, name) < 1:
                raise ValueError(f"Expected {name} of 1 or more; got {getattr(self, name)}.")
        if self.training_windows < 2:
            raise ValueError(f"Expected training_windows of 2 or more, one of them to judge; got {self.training_windows}.")

    def reranked(self, listed: int) -> int:
        """Return how many of `listed` customers are re-ranked."""
        return min(max(round(self.reranked_share * listed), self.fewest_reranked), self.most_reranked)
