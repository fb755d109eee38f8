"""Plain names of groups by what their centre is like: how recently and how much its customers buy, against all customers.

The same centres give the same names. Two groups of one name are told apart by what they spend.
"""

from learning.segments.rfm import Floats

HIGH, LOW = 0.6, -0.1  # mean of frequency and money, in standard deviations from all customers
RECENT, LONG_AGO = -0.5, 0.5  # recency
NAMES = {
    ("high", "recent"): "Best customers",
    ("high", "a while ago"): "Good customers",
    ("high", "long ago"): "Good customers, not lately",
    ("middle", "recent"): "Active regulars",
    ("middle", "a while ago"): "Regulars",
    ("middle", "long ago"): "Regulars, not lately",
    ("low", "recent"): "Newcomers and occasional buyers",
    ("low", "a while ago"): "Occasional buyers",
    ("low", "long ago"): "Occasional buyers, not lately",
}
NOTHING = "No order in a year"


def name_centres(centres: Floats, typical: Floats) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names and one-line descriptions of the centres.

    centres: in standard deviations (recency, orders, money); typical: the same as days, orders and currency.
    """
    plain = [_name(centre, usual) for centre, usual in zip(centres, typical, strict=True)]
    names: list[str] = []
    for number, name in enumerate(plain):
        alike = sorted((each for each, other in enumerate(plain) if other == name), key=lambda each: (-typical[each][2], each))
        if len(alike) == 1:
            names.append(name)
        elif len(alike) == 2:
            names.append(f"{name} ({'higher' if alike[0] == number else 'lower'} spend)")
        else:
            names.append(f"{name} (spend rank {alike.index(number) + 1})")
    return tuple(names), tuple(_description(*usual) for usual in typical)


def _name(centre: Floats, usual: Floats) -> str:
    if usual[1] < 0.5:
        return NOTHING
    worth, recency = (centre[1] + centre[2]) / 2, centre[0]
    level = "high" if worth >= HIGH else "low" if worth < LOW else "middle"
    when = "recent" if recency <= RECENT else "long ago" if recency >= LONG_AGO else "a while ago"
    return NAMES[level, when]


def _description(recency_days: float, orders: float, money: float) -> str:
    if orders < 0.5:
        return f"Typically ordered last {recency_days:,.0f} days ago, and not within the year."
    return f"Typically ordered last {recency_days:,.0f} days ago; {orders:,.1f} orders worth {money:,.0f} in a year."
