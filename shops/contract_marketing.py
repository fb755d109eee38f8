"""Contract tables about prices, promotions, campaigns, coupons, ads and competitors."""

from shops.contract_parts import CUSTOMER_ID, LOCATION_ID, Column, contract_table, required

PRICES = contract_table(
    "prices",
    "one price of one product (at one location) from a day on",
    ("product_id", "location_id", "valid_from", "price_type"),
    "valid_from",
    (
        Column("product_id", "text", "what it prices", required=True),
        LOCATION_ID,
        Column("valid_from", "day", "first day of the price", required=True),
        Column("valid_to", "day", "last day; empty: until the next price"),
        Column("price", "money", "price per unit", required=True, unit="currency per unit", minimum=0, maximum=1_000_000),
        Column("price_type", "text", "regular or promotional", allowed=("regular", "promotion"), default="regular"),
    ),
    "prices are read off the order lines",
)


PROMOTIONS = contract_table(
    "promotions",
    "one product on one promotion",
    ("promotion_id", "product_id", "location_id"),
    "starts_on",
    (
        Column("promotion_id", "text", "promotion", required=True),
        Column("product_id", "text", "what is promoted", required=True),
        LOCATION_ID,
        Column("starts_on", "day", "first day", required=True),
        Column("ends_on", "day", "last day", required=True),
        Column("promotion_type", "text", "price, display, mailer, bundle, …", default="price"),
        Column("discount_share", "number", "price cut as a share of the regular price", unit="share", minimum=0, maximum=1, default=0.0),
    ),
    "promotions are not seen in forecasts; price cuts still are",
)


PROMOTION_DECISIONS = contract_table(
    "promotion_decisions",
    "one merchandiser's decision about one product's promotion from a day on",
    ("product_id", "location_id", "starts_on"),
    "starts_on",
    (
        Column("product_id", "text", "what was decided about", required=True),
        LOCATION_ID,
        Column("starts_on", "day", "first day, as in `promotion_calendar`", required=True),
        Column(
            "action",
            "text",
            "`approve` a promotion, proposed or not: it is announced from then on; `reject` it: it is not proposed again, and where it was "
            "approved it is taken back with all its days (to end it early, approve it again with an earlier last day)",
            required=True,
            allowed=("approve", "reject"),
        ),
        Column("ends_on", "day", "last day; empty: the sixth day after the first"),
        Column("promotion_name", "text", "kind of promotion; empty with `reject`: every kind"),
        Column(
            "discount_share",
            "number",
            "price cut as a share of the regular price, on average over the units sold; needed for `approve`",
            unit="share",
            minimum=0,
            maximum=1,
        ),
        Column("decided_by", "text", "who decided; ends at landing", personal="drop"),
        Column("note", "text", "free text, in which persons may be named; ends at landing", personal="drop"),
    ),
    "proposed promotions become known only through the table promotions",
)


CAMPAIGNS = contract_table(
    "campaigns",
    "one campaign",
    ("campaign_id",),
    "starts_on",
    (
        Column("campaign_id", "text", "campaign", required=True),
        Column("campaign_name", "text", "name"),
        Column("campaign_type", "text", "coupon, mail, ad, …"),
        Column("channel", "text", "how it reaches customers"),
        Column("starts_on", "day", "first day", required=True),
        Column("ends_on", "day", "last day", required=True),
        Column("is_randomised", "flag", "true where customers were drawn by lot", default=False),
    ),
    "coupons stand alone; no campaign read-outs",
)


COUPONS = contract_table(
    "coupons",
    "one kind of coupon",
    ("coupon_id",),
    "valid_from",
    (
        Column("coupon_id", "text", "kind of coupon", required=True),
        Column("campaign_id", "text", "campaign it belongs to"),
        Column(
            "face_value",
            "money",
            "what one redemption takes off",
            required=True,
            unit="currency per redemption",
            minimum=0,
            maximum=100_000,
        ),
        Column("min_basket", "money", "smallest basket that may redeem it", unit="currency", minimum=0, maximum=1_000_000, default=0.0),
        Column("category", "text", "category it is limited to; empty: whole shop"),
        Column("valid_from", "day", "first day", required=True),
        Column("valid_to", "day", "last day", required=True),
        Column(
            "issuance_limit", "integer", "how many may be given out (stock of coupons)", unit="coupons", minimum=0, maximum=1_000_000_000
        ),
    ),
    "no coupon budget",
)


COUPON_ASSIGNMENTS = contract_table(
    "coupon_assignments",
    "one customer in one campaign",
    ("campaign_id", "customer_id"),
    "assigned_on",
    (
        Column("campaign_id", "text", "campaign", required=True),
        required(CUSTOMER_ID),
        Column("coupon_id", "text", "coupon given; empty: control group"),
        Column("assigned_on", "day", "day it was given", required=True),
        Column(
            "propensity",
            "number",
            "probability of this arm at the draw; empty: not randomised",
            unit="probability",
            minimum=0.000001,
            maximum=1,
        ),
    ),
    "no causal uplift: the coupon tables say `causal = false` and propose a pilot",
)


COUPON_OVERRIDES = contract_table(
    "coupon_overrides",
    "one merchandiser's decision about coupons",
    ("override_id",),
    "valid_from",
    (
        Column("override_id", "text", "the decision's own number", required=True),
        Column(
            "action",
            "text",
            "`give` this customer this coupon, `forbid` it to the customer, the segment or (neither named) everybody, `fix` how many of it "
            "the segment gets; a customer has no meaning for `fix`",
            required=True,
            allowed=("give", "forbid", "fix"),
        ),
        Column("coupon_id", "text", "coupon", required=True),
        CUSTOMER_ID,
        Column("segment", "text", "segment, as in `coupon_assignments`"),
        Column("coupons", "integer", "how many; needed for `fix`", unit="coupons", minimum=0, maximum=1_000_000_000),
        Column("valid_from", "day", "first day whose plan honours it", required=True),
        Column("valid_to", "day", "last day; empty: that one day"),
        Column("decided_by", "text", "who decided; ends at landing", personal="drop"),
        Column("note", "text", "free text, in which persons may be named; ends at landing", personal="drop"),
    ),
    "the plan decides alone",
)


COUPON_REDEMPTIONS = contract_table(
    "coupon_redemptions",
    "one redeemed coupon",
    ("coupon_id", "customer_id", "redeemed_on", "order_id"),
    "redeemed_on",
    (
        Column("coupon_id", "text", "coupon", required=True),
        required(CUSTOMER_ID),
        Column("campaign_id", "text", "campaign"),
        Column("order_id", "text", "order on which it was redeemed", default=""),
        Column("redeemed_on", "day", "day", required=True),
        Column("discount_amount", "money", "what it took off", unit="currency", minimum=0, maximum=100_000),
    ),
    "redemption is taken from order lines with a coupon_id, else assumed from the trial's cost",
)


AD_SPEND = contract_table(
    "ad_spend",
    "one channel (and campaign) on one day",
    ("business_day", "channel", "campaign_id"),
    "business_day",
    (
        Column("business_day", "day", "day", required=True),
        Column("channel", "text", "search, social, display, …", required=True),
        Column("campaign_id", "text", "campaign", default="all"),
        Column("spend", "money", "money spent", required=True, unit="currency", minimum=0, maximum=1_000_000_000),
        Column("impressions", "integer", "times shown", unit="impressions", minimum=0, maximum=1_000_000_000_000),
        Column("clicks", "integer", "clicks", unit="clicks", minimum=0, maximum=1_000_000_000_000),
    ),
    "no ad budget",
)


COMPETITOR_PRICES = contract_table(
    "competitor_prices",
    "one competitor's price of one product on one day",
    ("observed_on", "competitor", "product_id"),
    "observed_on",
    (
        Column("observed_on", "day", "day seen", required=True),
        Column("competitor", "text", "who", required=True),
        Column("product_id", "text", "own product it matches", required=True),
        Column("price", "money", "price per unit", required=True, unit="currency per unit", minimum=0, maximum=1_000_000),
        Column("in_stock", "flag", "could be bought", default=True),
    ),
    "no price index against competitors",
)
