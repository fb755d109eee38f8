"""Faults of shop.toml: each is one error that names the file, the setting and how to mend it."""

from benchmarks.reliability.bad_input.fault import DamagedShop, Expected, Fault, accepted, no_shop, quarantined, refused
from benchmarks.reliability.bad_input.sound_shop import LAST_DAY, ROWS

TOML = "shop.toml"


def _set(name: str, old: str, new: str, expected: Expected, mend: str) -> Fault:
    return Fault(name, TOML, lambda shop: shop.settings(old, new), expected, mend)


def _saved_as(shop: DamagedShop, encoding: str) -> None:
    toml = shop.folder / TOML
    toml.write_text(toml.read_text(encoding="utf-8"), encoding=encoding)


def _folder(shop: DamagedShop) -> None:
    (shop.folder / TOML).unlink()
    (shop.folder / TOML).mkdir()


SETTINGS_FAULTS = (
    Fault("No shop.toml", TOML, lambda shop: (shop.folder / TOML).unlink(), no_shop("does not exist; put a shop.toml"), "Add one."),
    Fault("A folder called shop.toml", TOML, _folder, no_shop("is a folder"), "Put a file in its place."),
    Fault(
        "A shop.toml that may not be read",
        TOML,
        lambda shop: (shop.folder / TOML).chmod(0),
        no_shop("cannot be read"),
        "Give the user who runs Countinghouse the right to.",
        as_other_user=True,
    ),
    _set("A bracket that is not closed", "[shop]", "[shop", no_shop("is not valid TOML"), "The line is named."),
    _set("Brackets without end", "", f"\n[csv]\nx = {'[' * 3000}\n", no_shop("is not valid TOML"), "Correct it."),
    Fault("A shop.toml in UTF-16", TOML, lambda shop: _saved_as(shop, "utf-16"), no_shop("is not UTF-8 text"), "Save it as UTF-8."),
    Fault(
        "A shop.toml with a byte order mark", TOML, lambda shop: _saved_as(shop, "utf-8-sig"), accepted(), "Passed over: Windows writes it."
    ),
    _set("A section nobody knows", "[limits]", "[limit]", no_shop("sections nobody knows (limit)"), "Mend its name."),
    _set("A setting nobody knows", "coupon_budget", "coupon_bugdet", no_shop("settings nobody knows (coupon_bugdet)"), "Mend its name."),
    _set("A setting that is missing", 'currency = "EUR"\n', "", no_shop("[shop] has no currency"), "Add it."),
    _set(
        "A negative limit",
        "coupon_budget = 100.0",
        "coupon_budget = -1",
        no_shop("give a number of 0 or more"),
        "Leave it out for no limit.",
    ),
    _set(
        "A limit that is no number",
        "coupon_budget = 100.0",
        "coupon_budget = nan",
        no_shop("give a number of 0 or more"),
        "Leave it out for no limit.",
    ),
    _set("A limit in words", "coupon_budget = 100.0", 'coupon_budget = "much"', no_shop("give a number of 0 or more"), "Give a number."),
    _set(
        "A limit of 500 digits",
        "coupon_budget = 100.0",
        f"coupon_budget = {'9' * 500}",
        no_shop("give a number from 0 to 1e+15"),
        "Leave it out for no limit.",
    ),
    _set(
        "A limit of 5,000 digits",
        "coupon_budget = 100.0",
        f"coupon_budget = {'9' * 5000}",
        no_shop("is not valid TOML"),
        "Leave it out for no limit.",
    ),
    _set(
        "A time zone nobody knows", "Europe/Berlin", "Berlin", no_shop("such as Europe/Berlin"), "Give its name in the time zone database."
    ),
    _set(
        "The time zone of the machine",
        "Europe/Berlin",
        "localtime",
        no_shop("such as Europe/Berlin"),
        "Give its name: another machine has another.",
    ),
    _set(
        "A path as time zone",
        "Europe/Berlin",
        "../../etc/passwd",
        no_shop("such as Europe/Berlin"),
        "Give its name in the time zone database.",
    ),
    _set("A currency that is none", '"EUR"', '"euro"', no_shop("ISO 4217"), "Give its three letters."),
    _set("A country nobody knows", '"DE"', '"XX"', no_shop("ISO 3166"), "Give its two letters, or leave it out."),
    _set("A path as the shop's name", '"sound"', '"../sound"', no_shop("use letters, digits"), "The name names the folder of the state."),
    _set("A first day in quotes", "first_day = 2024-03-01", 'first_day = "2024-03-01"', no_shop("without quotes"), "TOML has days."),
    _set(
        "A first day in the year 1", "first_day = 2024-03-01", "first_day = 0001-01-01", no_shop("give a day from 1900-01-01"), "Mend it."
    ),
    _set("A last day before the first", f"last_day = {LAST_DAY}", "last_day = 2024-02-01", no_shop("on or after first_day"), "Mend it."),
    _set(
        "Files outside the shop's folder",
        "",
        '\n[files]\nproducts = "../../*.csv"\n',
        no_shop("inside the shop's folder"),
        "Link them into it.",
    ),
    _set(
        "A pattern that is none",
        "",
        '\n[files]\nproducts = "**x"\n',
        no_shop("give a file name or pattern"),
        "`**` stands alone between slashes.",
    ),
    Fault(
        "A pattern that no file matches",
        "products",
        lambda shop: shop.settings("", '\n[files]\nproducts = "products-*.csv"\n'),
        refused("No file matches this pattern of shop.toml"),
        "Mend it.",
    ),
    _set(
        "A table nobody knows",
        "",
        '\n[files]\norders = "orders.csv"\n',
        no_shop("names a table 'orders' nobody knows"),
        "The tables are listed.",
    ),
    _set(
        "A mapping of a column nobody knows",
        "",
        '\n[columns.products]\nsku = "SKU"\n',
        no_shop("products has no such column"),
        "The columns are listed.",
    ),
    Fault(
        "A mapping to a column that is not there",
        "products",
        lambda shop: shop.settings("", '\n[columns.products]\nproduct_id = "SKU"\n'),
        quarantined("missing_required", ROWS, "The file has no column 'SKU'"),
        "Mend it.",
    ),
    _set(
        "An encoding nobody knows",
        "",
        '\n[csv]\nencoding = "utf-9"\n',
        no_shop("give a known encoding"),
        "Such as utf-8, latin-1, cp1252, utf-16.",
    ),
    _set(
        "An encoding that refuses everything", "", '\n[csv]\nencoding = "undefined"\n', no_shop("give a known encoding"), "Such as utf-8."
    ),
    _set(
        "A delimiter of two characters", "", '\n[csv]\ndelimiter = "||"\n', no_shop("give exactly one character"), "Part the fields by one."
    ),
    _set(
        "A quote as delimiter", "", "\n[csv]\ndelimiter = '\"'\n", no_shop("neither a quote nor a line end"), "Part the fields by another."
    ),
    _set(
        "A pattern of days that tells no day",
        "",
        '\n[csv]\ndate_format = "%H"\n',
        no_shop("tells year, month and day"),
        "Such as %d.%m.%Y.",
    ),
)
