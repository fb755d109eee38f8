"""Counting what lies in one basket: single products, pairs and threes, exactly, by DuckDB's self-join.

The counts are Apriori's (Agrawal, Srikant 1994): a pair can only be frequent where both products are, a three only where its three pairs
are, and what is pruned by that is never joined. Baskets of more than `most_products` different products are bulk orders; they count
nowhere and are reported. Products and baskets travel as small integers.

Public: `BasketCounts`, `count_baskets`.
"""

from dataclasses import dataclass

import duckdb
import polars as pl

PERIODS = ("holdout", "window_1", "window_2", "window_3")  # of a line, 0 to 3; windows 1 to 3 are learned from, oldest first
_PAIRS_AT_ONCE = 1_000_000
_COUNTS = ", ".join(f"count(*) filter (period = {number}) as {name}" for number, name in enumerate(PERIODS))


@dataclass(frozen=True)
class BasketCounts:
    """Counts per period in the columns PERIODS.

    orders: one row; products: product_id; pairs: first_id < second_id; threes: first_id < second_id < third_id. left_out: baskets above
    the cap.
    """

    orders: pl.DataFrame
    products: pl.DataFrame
    pairs: pl.DataFrame
    threes: pl.DataFrame
    left_out: int


def count_baskets(connection: duckdb.DuckDBPyConnection, lines: str, fewest: int, most_products: int, threes: bool = True) -> BasketCounts:
    """Count sets of products that at least `fewest` baskets of the windows 1 to 3 hold.

    lines: a query of order_id, product_id and period (0 to 3), any grain; an order lies in the earliest of its lines' periods. Products
    are listed from `fewest` baskets on as well. Temporary tables of the connection are made and dropped.
    """
    connection.execute(
        f"create or replace temp table _line as select order_id, product_id, min(period) as period from ({lines}) group by all"
    )
    connection.execute(
        "create or replace temp table _basket as select row_number() over (order by order_id) as basket, order_id, min(period) as period, "
        "count(*) as products from _line group by order_id"
    )
    left_out = int(connection.execute("select count(*) from _basket where products > ?", [most_products]).fetchall()[0][0])
    orders = connection.execute(f"select {_COUNTS} from _basket where products <= ?", [most_products]).pl()
    products = connection.execute(
        f"select product_id, {_periods('_basket')} from _line join _basket using (order_id) where products <= ? group by product_id "
        "having count(*) filter (_basket.period > 0) >= ? order by product_id",
        [most_products, fewest],
    ).pl()
    connection.register("_frequent", products.select("product_id").with_row_index("product"))
    connection.execute(
        "create or replace temp table _entry as select cast(basket as integer) as basket, cast(product as integer) as product, "
        "cast(_basket.period as utinyint) as period from _line join _basket using (order_id) join _frequent using (product_id) "
        "where products between 2 and ? order by basket, product",
        [most_products],
    )
    connection.execute("drop table _line; drop table _basket")
    passes = _passes(connection)
    for number in range(passes):  # each counts the pairs of a share of the first products, so that not all lie in memory at once
        target = "insert into _pair" if number else "create or replace temp table _pair as"
        connection.execute(
            f"{target} select one.product as first, two.product as second, {_periods('one')} from _entry as one "
            "join _entry as two on one.basket = two.basket and one.product < two.product where one.product % ? = ? group by all "
            "having count(*) filter (one.period > 0) >= ?",
            [passes, number, fewest],
        )
    pairs = connection.execute(_named("_pair", ("first", "second"))).pl()
    # basket by basket: left to itself the planner joins frequent pairs with one another first, which are billions in a large shop
    connection.execute(f"create or replace temp table _held as {_HELD.format(wanted=threes)}")
    connection.execute("create or replace temp table _held_three as " + _HELD_THREES)
    found = connection.execute(_named(f"({_THREES.format(fewest=fewest)})", ("first", "second", "third"))).pl()
    connection.unregister("_frequent")
    for table in ("_entry", "_pair", "_held", "_held_three"):
        connection.execute(f"drop table {table}")
    return BasketCounts(orders, products, pairs, found, left_out)


def _passes(connection: duckdb.DuckDBPyConnection) -> int:
    """In how many passes pairs are counted: some `_PAIRS_AT_ONCE` joint entries each, eight passes at most."""
    joint = connection.execute(
        "select coalesce(sum(lines * (lines - 1) / 2), 0) from (select count(*) as lines from _entry group by basket)"
    )
    return min(8, 1 + int(joint.fetchall()[0][0]) // _PAIRS_AT_ONCE)


def _periods(table: str) -> str:
    return _COUNTS.replace("period =", f"{table}.period =")


_HELD = """
select one.basket, one.product as first, two.product as second, one.period
from _entry as one
join _entry as two on one.basket = two.basket and one.product < two.product
semi join _pair on _pair.first = one.product and _pair.second = two.product
where {wanted}
"""
_HELD_THREES = """
select low.first, low.second, high.second as third, low.period
from _held as low
join _held as high on low.basket = high.basket and low.second = high.first
"""
_THREES = f"""
select held.first, held.second, held.third, {_COUNTS.replace("period =", "held.period =")}
from _held_three as held
semi join _pair on _pair.first = held.first and _pair.second = held.third
group by held.first, held.second, held.third
having count(*) filter (held.period > 0) >= {{fewest}}
"""


def _named(relation: str, places: tuple[str, ...]) -> str:
    names = ", ".join(f"{place}_product.product_id as {place}_id" for place in places)
    joins = " ".join(f"join _frequent as {place}_product on {place}_product.product = counted.{place}" for place in places)
    return f"select {names}, {', '.join(f'counted.{name}' for name in PERIODS)} from {relation} as counted {joins} order by all"
