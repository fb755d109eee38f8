"""The shop's days, one after another: buyers come, stock runs down, suppliers deliver, records are written.

The order within a day is: deliveries, returns of earlier sales, sales, cancellations going back on the shelf, purchase orders, the
evening count. Coupons of a campaign go out in the evening and work from the next day.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from shops.simulated.coupons import FACES, WINDOW_DAYS, Wallets, draw_assignments
from shops.simulated.demand import day_pull
from shops.simulated.dirt import negative_counts
from shops.simulated.orders import draw_buyers, draw_day_wishes
from shops.simulated.records import Lines, return_records, sale_records
from shops.simulated.response import extra_chance
from shops.simulated.sizes import stream
from shops.simulated.stock import PurchaseLines, StockRoom
from shops.simulated.till import SoldLines, ring_up, with_shipping
from shops.simulated.web_events import day_events
from shops.simulated.world import World, opening_rates
from shops.simulated.writer import DayBuffer

LONG_AGO = -400


@dataclass
class Ledger:
    """What the days leave behind. The buffers are emptied part by part, the lists stay small."""

    order_lines: DayBuffer = field(default_factory=DayBuffer)
    stock_levels: DayBuffer = field(default_factory=DayBuffer)
    web_events: DayBuffer = field(default_factory=DayBuffer)
    true_demand: DayBuffer = field(default_factory=DayBuffer)
    redemptions: DayBuffer = field(default_factory=DayBuffer)
    assignments: DayBuffer = field(default_factory=DayBuffer)
    purchase_orders: list[PurchaseLines] = field(default_factory=list)
    volume_used_m3: list[np.ndarray] = field(default_factory=list)


class Trading:
    """The running shop; call `day` for every day of history in turn."""

    def __init__(self, world: World) -> None:
        self.world, self.ledger = world, Ledger()
        self._rng = {
            name: stream(world.seed, name) for name in ("buyers", "wishes", "till", "records", "web", "counts", "coupons", "returns")
        }
        self.stock = StockRoom(world.catalogue, world.suppliers, stream(world.seed, "stock"), opening_rates(world))
        n = world.population.n
        self.wallets = Wallets(np.full(n, -1), np.full(n, -1), np.zeros(n))
        first_orders = np.maximum(world.population.acquired, LONG_AGO)
        recent = -stream(world.seed, "last orders").geometric(np.clip(world.population.rate, 0.003, 1))
        gone_before = np.minimum(world.population.gone, 0)
        self.last_order = np.where(world.population.acquired < 0, np.maximum(first_orders, gone_before + recent), LONG_AGO)
        self._orders = 0
        self._back: dict[int, list[Lines]] = defaultdict(list)
        self._voided: dict[int, list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)

    def day(self, day: int) -> None:
        """Trade one day."""
        world = self.world
        self.stock.receive(day)
        self._take_returns(day)
        buyers = draw_buyers(
            self._rng["buyers"],
            world.population,
            self.wallets,
            self.last_order,
            world.days,
            world.catalogue,
            float(world.ads.expected_orders[:, day].sum()),
            day,
        )
        pull = day_pull(world.demand, world.catalogue, world.prices, day)
        wishes = draw_day_wishes(self._rng["wishes"], buyers, world.population, self.wallets, pull, world.catalogue, world.prices, day)
        filled = self.stock.fill(wishes.item, wishes.units)
        sold = ring_up(self._rng["till"], buyers, wishes, filled, world.population, self.wallets, world.catalogue, world.prices, day)
        self.ledger.order_lines.add(sale_records(self._rng["records"], with_shipping(sold, world.catalogue.n_items), self._orders, day))
        self.ledger.web_events.add(day_events(self._rng["web"], world.size, world.population, world.catalogue, buyers, wishes, filled, day))
        self._note_redemptions(sold, day)
        self._orders += len(buyers.customer)
        known = sold.customer[sold.customer >= 0]
        self.last_order[known] = day
        self._promise_back(sold, day)
        for item, units in self._voided.pop(day, []):
            self.stock.put_back(item, units)
        self.ledger.purchase_orders.append(self.stock.order(day, int(world.days.weekday[day])))
        self.stock.close_day(np.bincount(sold.item, sold.units, minlength=world.catalogue.n_items))
        self._count(day)
        wished = np.bincount(wishes.item, wishes.units, minlength=world.catalogue.n_items)
        on_sale = np.flatnonzero(world.catalogue.launched[world.catalogue.item_product] <= day)
        self.ledger.true_demand.add({"day": np.full(len(on_sale), day), "item": on_sale, "units": wished[on_sale]})
        self._give_coupons(day)

    def _take_returns(self, day: int) -> None:
        for lines in self._back.pop(day, []):
            self.ledger.order_lines.add(return_records(self._rng["returns"], lines, self._orders, day))
            self._orders += len(lines["item"])
            self.stock.put_back(lines["item"], lines["units"])

    def _promise_back(self, sold: SoldLines, day: int) -> None:
        for after in np.unique(sold.cancelled_after[sold.cancelled_after >= 0]):
            rows = sold.cancelled_after == after
            self._voided[day + int(after)].append((sold.item[rows], sold.units[rows]))
        for after in np.unique(sold.returned_after[sold.returned_after >= 0]):
            rows = sold.returned_after == after
            paid = (sold.unit_price[rows] - sold.discount[rows] / sold.units[rows]).round(2)
            values = (sold.item[rows], sold.customer[rows], sold.units[rows], np.maximum(paid, 0), sold.channel[rows])
            self._back[day + int(after)].append(dict(zip(("item", "customer", "units", "unit_price", "channel"), values, strict=True)))

    def _note_redemptions(self, sold: SoldLines, day: int) -> None:
        rows = np.flatnonzero(sold.coupon >= 0)
        product = self.world.catalogue.item_product[sold.item[rows]]
        _, cut = self.world.prices.on(day)
        off = (sold.discount[rows] - (cut[product] * sold.units[rows]).round(2)).round(2)
        columns = {"order": self._orders + sold.order[rows], "customer": sold.customer[rows], "coupon": sold.coupon[rows], "off": off}
        self.ledger.redemptions.add({**columns, "day": np.full(len(rows), day)})

    def _count(self, day: int) -> None:
        catalogue = self.world.catalogue
        product, on_hand = catalogue.item_product, self.stock.on_hand
        listed = (catalogue.launched[product] - 14 <= day) & ((day <= catalogue.discontinued[product]) | (on_hand > 0))
        item = np.flatnonzero(listed)
        counted = negative_counts(on_hand[item], self._rng["counts"])
        self.ledger.stock_levels.add({"day": np.full(len(item), day), "item": item, "on_hand": counted})
        volume = on_hand * catalogue.volume_m3[product]
        self.ledger.volume_used_m3.append(np.bincount(catalogue.item_location, volume))

    def _give_coupons(self, day: int) -> None:
        population = self.world.population
        for number in self.world.book.given_on(day):
            may = (population.acquired <= day) & population.consents & (population.ring < 0)
            since = np.maximum(day + 1 - self.last_order, 1)
            customers, coupon, propensity = draw_assignments(self._rng["coupons"], number, self.world.book.campaigns[number], may, since)
            got = customers[coupon >= 0]
            face = np.zeros(population.n, np.int64)
            face[got] = coupon[coupon >= 0] % len(FACES)
            self.wallets.coupon[customers] = coupon
            self.wallets.until[customers] = day + WINDOW_DAYS
            self.wallets.extra_chance[got] = extra_chance(population, face, since, day)[got]
            self.ledger.assignments.add(
                {
                    "campaign": np.full(len(customers), number),
                    "customer": customers,
                    "coupon": coupon,
                    "propensity": propensity,
                    "day": np.full(len(customers), day),
                }
            )
