"""The shop's stock room: filling wishes from the shelf and ordering anew by a plain, imperfect rule.

Terms. *Position* = on hand + on order. On a supplier's order day the shop raises the position of an item to its order-up-to level once
it has fallen below the reorder point; both rest on a smoothed rate of units sold, which knows neither seasons nor promotions nor what
stock-outs hid. `care` differs by item: some buyers order too little, some too much. This is what makes stock-outs and overstock.
"""

from dataclasses import dataclass, field

import numpy as np

from shops.simulated.catalogue import NEVER, Catalogue
from shops.simulated.suppliers import Suppliers

SMOOTHING = 0.035
FIRST_ORDER_LEAD_DAYS = 8
CYCLE_DAYS = 9
TOP_UP_DAYS = 14


@dataclass(frozen=True)
class PurchaseLines:
    """Lines ordered on one day; arrival and receipt are fixed at the order, but the shop learns them only as they happen."""

    number: np.ndarray
    line: np.ndarray
    item: np.ndarray
    supplier: np.ndarray
    ordered: int
    expected: np.ndarray
    received: np.ndarray
    units: np.ndarray
    units_received: np.ndarray
    unit_cost: np.ndarray


@dataclass
class StockRoom:
    """Stock of all items and the pipeline of purchase orders."""

    catalogue: Catalogue
    suppliers: Suppliers
    rng: np.random.Generator
    rate: np.ndarray
    on_hand: np.ndarray = field(init=False)
    on_order: np.ndarray = field(init=False)
    care: np.ndarray = field(init=False)
    arrivals: dict[int, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = field(init=False, default_factory=dict)
    orders_placed: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        n = self.catalogue.n_items
        self.care = self.rng.lognormal(0, 0.55, n)
        self.on_order = np.zeros(n)
        reorder_point, order_up_to = self._levels()
        opening = np.round(reorder_point + (order_up_to - reorder_point) * self.rng.random(n))
        self.on_hand = np.where(self.catalogue.launched[self.catalogue.item_product] <= 0, np.maximum(opening, 1), 0.0)

    @property
    def _supplier(self) -> np.ndarray:
        return self.suppliers.of_product[self.catalogue.item_product]

    def _levels(self) -> tuple[np.ndarray, np.ndarray]:
        supplier = self._supplier
        protection = self.suppliers.lead_time_days[supplier] + self.suppliers.review_days[supplier]
        expected = self.rate * protection
        reorder_point = expected + 0.55 * self.care * np.sqrt(1.4 * expected + 0.3)
        return reorder_point, reorder_point + np.maximum(self.rate * CYCLE_DAYS, 0.6)

    def receive(self, day: int) -> None:
        """Morning: take in what arrives on this day."""
        for item, units_ordered, units_received in self.arrivals.pop(day, []):
            np.add.at(self.on_order, item, -units_ordered)
            np.add.at(self.on_hand, item, units_received)

    def fill(self, item: np.ndarray, units: np.ndarray) -> np.ndarray:
        """Units each line gets, first come first served; the last line before the shelf is empty may get a part."""
        by_item = np.argsort(item, kind="stable")
        sorted_item, sorted_units = item[by_item], units[by_item]
        running = sorted_units.cumsum()
        is_first = np.append(True, sorted_item[1:] != sorted_item[:-1]) if len(item) else np.zeros(0, bool)
        before_item = np.where(is_first, running - sorted_units, 0)
        taken_before = running - sorted_units - np.maximum.accumulate(before_item)
        filled = np.empty(len(item), np.int64)
        filled[by_item] = np.clip(self.on_hand[sorted_item] - taken_before, 0, sorted_units)
        self.on_hand -= np.bincount(item, filled, minlength=len(self.on_hand))
        return filled

    def put_back(self, item: np.ndarray, units: np.ndarray) -> None:
        """Returned or cancelled units go back on the shelf."""
        np.add.at(self.on_hand, item, units)

    def close_day(self, sold: np.ndarray) -> None:
        """Evening: spoilt units go, the sales rate learns from what was sold per item."""
        shelf_life = self.catalogue.shelf_life_days[self.catalogue.item_product]
        too_old = np.maximum(self.on_hand - self.rate * shelf_life, 0) / shelf_life
        spoilt = np.floor(too_old + self.rng.random(len(sold)))
        self.on_hand -= np.where(shelf_life < NEVER, np.minimum(spoilt, self.on_hand), 0)
        launched = self.catalogue.launched[self.catalogue.item_product]
        self.rate += np.where(launched >= 0, SMOOTHING * (np.minimum(sold, 8 * self.rate + 3) - self.rate), 0)

    def order(self, day: int, weekday: int) -> PurchaseLines:
        """Place the day's purchase orders, one order per supplier and location."""
        item_supplier, product = self._supplier, self.catalogue.item_product
        can_order = self.suppliers.takes_orders[item_supplier, weekday] & (day <= self.catalogue.discontinued[product])
        lead = self.suppliers.lead_time_days[item_supplier]
        can_order &= day >= self.catalogue.launched[product] - lead - FIRST_ORDER_LEAD_DAYS
        reorder_point, order_up_to = self._levels()
        position = self.on_hand + self.on_order
        units = np.where(can_order & (position < reorder_point), order_up_to - position, 0.0)
        units = self._meet_minimum(self._in_packs(units), can_order, order_up_to, position)
        item = np.flatnonzero(units > 0)
        item = item[np.lexsort((item, self.catalogue.item_location[item], item_supplier[item]))]
        return self._commit(day, item, units[item])

    def _in_packs(self, units: np.ndarray) -> np.ndarray:
        pack = self.catalogue.pack_units[self.catalogue.item_product]
        moq = self.catalogue.moq_units[self.catalogue.item_product]
        return np.where(units > 0, np.ceil(np.maximum(units, moq) / pack) * pack, 0.0)

    def _order_value(self, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Value of each (location, supplier) order, and the position of each item's order among them."""
        n = len(self.suppliers.supplier_id)
        order = self.catalogue.item_location * n + self._supplier
        return np.bincount(order, units * self.catalogue.unit_cost[self.catalogue.item_product], n * len(self.catalogue.location_id)), order

    def _meet_minimum(self, units: np.ndarray, can_order: np.ndarray, order_up_to: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Top orders below the supplier's minimum up with two more weeks of demand; drop those still below."""
        value, order = self._order_value(units)
        minimum = np.tile(self.suppliers.min_order_value, len(self.catalogue.location_id))
        is_short = ((value > 0) & (value < minimum))[order] & can_order
        wanted = order_up_to + self.rate * TOP_UP_DAYS - position
        units = np.where(is_short & (wanted >= self.catalogue.pack_units[self.catalogue.item_product]), self._in_packs(wanted), units)
        value, order = self._order_value(units)
        return np.where((value >= minimum)[order], units, 0.0)

    def _commit(self, day: int, item: np.ndarray, units: np.ndarray) -> PurchaseLines:
        supplier = self._supplier[item]
        order = self.catalogue.item_location[item] * len(self.suppliers.supplier_id) + supplier
        _, order_index = np.unique(order, return_inverse=True)
        n_orders = int(order_index.max()) + 1 if len(item) else 0
        by_order = np.argsort(order_index, kind="stable")
        item, units, supplier, order_index = item[by_order], units[by_order], supplier[by_order], order_index[by_order]
        first = np.searchsorted(order_index, np.arange(n_orders))
        lead = self.suppliers.lead_time_days[supplier]
        delay = np.round(self.rng.normal(0, 1, n_orders)[order_index] * self.suppliers.lead_time_sd_days[supplier])
        received = day + np.maximum(1, lead + delay).astype(np.int64)
        is_short = self.rng.random(len(item)) < 0.02
        units_received = np.where(is_short, np.floor(units * 0.7), units)
        self.on_order[item] += units
        for arrival in np.unique(received):
            there = received == arrival
            self.arrivals.setdefault(int(arrival), []).append((item[there], units[there], units_received[there]))
        number = self.orders_placed + order_index
        self.orders_placed += n_orders
        cost = self.catalogue.unit_cost[self.catalogue.item_product[item]]
        line = np.arange(len(item)) - first[order_index] + 1
        return PurchaseLines(number, line, item, supplier, day, day + lead, received, units, units_received, cost)
