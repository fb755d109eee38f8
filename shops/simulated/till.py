"""From filled wishes to order lines: prices paid, coupons redeemed, cancellations and returns.

Terms. `unit_price` is the regular price; promotion and coupon are in `discount_amount` (per line). A coupon goes on the dearest line
it may be used on and takes off at most that line's worth. A return is a line of its own with negative units, priced at what was paid
per unit and without discount, so that units × unit price is the refund.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from shops.simulated.catalogue import Catalogue
from shops.simulated.coupons import FACES, LIMITED_CATEGORY, LIMITED_FACE, MIN_BASKETS, Wallets
from shops.simulated.customers import Population
from shops.simulated.orders import Buyers, Wishes
from shops.simulated.prices import Prices
from shops.simulated.response import habit_redemption

SHIPPING_ID, SHIPPING_PRICE, FREE_SHIPPING_FROM = "SHIPPING", 3.90, 29.0
WEB_CANCELLATION_CHANCE = 0.018
GUEST_RETURN_CHANCE = 0.03
RETURN_DAYS = (3, 30)


@dataclass(frozen=True)
class SoldLines:
    """Arrays over lines sold on one day.

    `order` is the position of the order among the buyers; `cancelled_after` and `returned_after` are days from the sale, or -1.
    """

    order: np.ndarray
    line: np.ndarray
    item: np.ndarray
    customer: np.ndarray
    channel: np.ndarray
    second: np.ndarray
    units: np.ndarray
    unit_price: np.ndarray
    discount: np.ndarray
    coupon: np.ndarray
    wave: np.ndarray
    cancelled_after: np.ndarray
    returned_after: np.ndarray


def ring_up(
    rng: np.random.Generator,
    buyers: Buyers,
    wishes: Wishes,
    filled: np.ndarray,
    population: Population,
    wallets: Wallets,
    catalogue: Catalogue,
    prices: Prices,
    day: int,
) -> SoldLines:
    """Sold lines of the day; empties the wallets of those who redeem."""
    kept = np.flatnonzero(filled > 0)
    order, item, units = wishes.order[kept], wishes.item[kept], filled[kept]
    product = catalogue.item_product[item]
    regular, cut = prices.on(day)
    discount = (cut[product] * units).round(2)
    line_value = regular[product] * units - discount
    customer = buyers.customer[order]
    coupon, off = _redeem(rng, buyers, order, line_value, catalogue.category[product], population, wallets, day)
    is_first = np.append(True, order[1:] != order[:-1]) if len(order) else np.zeros(0, bool)
    position = np.arange(len(order))
    cancels = (buyers.channel > 0) & (rng.random(len(buyers.channel)) < WEB_CANCELLATION_CHANCE) | buyers.is_ring
    cancelled_after = np.where(cancels, rng.integers(0, 3, len(cancels)), -1)[order]
    chance = np.where(customer < 0, GUEST_RETURN_CHANCE, population.return_chance[customer])
    returns = (rng.random(len(order)) < chance) & (cancelled_after < 0)
    return SoldLines(
        order=order,
        line=position - np.maximum.accumulate(np.where(is_first, position, 0)) + 1,
        item=item,
        customer=customer,
        channel=buyers.channel[order],
        second=buyers.second[order],
        units=units,
        unit_price=regular[product],
        discount=(discount + off).round(2),
        coupon=coupon,
        wave=np.where(cut[product] > 0, prices.promoted[product, day], -1),
        cancelled_after=cancelled_after,
        returned_after=np.where(returns, rng.integers(*RETURN_DAYS, len(order)), -1),
    )


def _redeem(
    rng: np.random.Generator,
    buyers: Buyers,
    order: np.ndarray,
    line_value: np.ndarray,
    category: np.ndarray,
    population: Population,
    wallets: Wallets,
    day: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Coupon number (-1: none) and money off per line."""
    n_orders = len(buyers.customer)
    held = np.where(buyers.customer >= 0, wallets.coupon[buyers.customer], -1)
    held = np.where((held >= 0) & (wallets.until[buyers.customer] >= day), held, -1)
    wants = buyers.is_induced | (rng.random(n_orders) < habit_redemption(population)[buyers.customer])
    face = held % len(FACES)
    basket = np.bincount(order, line_value, n_orders)
    may = (held >= 0) & wants & (basket >= MIN_BASKETS[face])
    allowed = may[order] & ((face[order] != LIMITED_FACE) | (category == LIMITED_CATEGORY))
    candidate = np.flatnonzero(allowed)
    candidate = candidate[np.lexsort((candidate, -line_value[candidate], order[candidate]))]
    _, first = np.unique(order[candidate], return_index=True)
    chosen = candidate[first]
    _, first_of_customer = np.unique(buyers.customer[order[chosen]], return_index=True)
    chosen = chosen[first_of_customer]
    coupon, off = np.full(len(order), -1), np.zeros(len(order))
    coupon[chosen] = held[order[chosen]]
    off[chosen] = np.minimum(FACES[face[order[chosen]]], line_value[chosen]).round(2)
    wallets.coupon[buyers.customer[order[chosen]]] = -1
    return coupon, off


def with_shipping(sold: SoldLines, shipping_item: int) -> SoldLines:
    """The day's lines and, for web orders below 29.00, one more line for shipping: a service, never in stock.

    `shipping_item` is the number that stands for shipping in `item`: the one after the last item.
    """
    value = np.bincount(sold.order, sold.units * sold.unit_price - sold.discount)
    last = np.flatnonzero(np.append(sold.order[1:] != sold.order[:-1], True)) if len(sold.order) else np.zeros(0, np.int64)
    last = last[(sold.channel[last] > 0) & (value[sold.order[last]] < FREE_SHIPPING_FROM)]
    n = len(last)
    own = {name: np.full(n, value) for name, value in (("item", shipping_item), ("units", 1), ("unit_price", SHIPPING_PRICE))}
    none = {"discount": np.zeros(n), **{name: np.full(n, -1) for name in ("coupon", "wave", "returned_after")}}
    changes = {"line": sold.line[last] + 1, **own, **none}
    columns = (field.name for field in fields(sold))
    return replace(sold, **{name: np.append(getattr(sold, name), changes.get(name, getattr(sold, name)[last])) for name in columns})
