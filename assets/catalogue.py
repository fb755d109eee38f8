"""Every asset of the house, room by room in the order of the data's way."""

from pathlib import Path

import dagster as dg

from assets.customers.basket_rules import basket_rules
from assets.customers.purchase_outlook import customer_outlook
from assets.customers.recommendations import recommendations
from assets.customers.segments import segments
from assets.decisions.ad_audiences import ad_audiences
from assets.decisions.ad_plan import ad_plan
from assets.decisions.audiences import audiences
from assets.decisions.coupon_plan import coupon_plan
from assets.decisions.coupon_trial import coupon_trial
from assets.decisions.order_calibration import order_calibration
from assets.decisions.order_outlook import order_outlook
from assets.decisions.promotion_calendar import promotion_calendar
from assets.decisions.replenishment import replenishment
from assets.decisions.summary import decision_summary
from assets.demand.forecasts import demand_forecasts
from assets.demand.panel_model import demand_training
from assets.landing.raw_records import landing
from assets.marts.freshness import newest_day_is_known
from assets.marts.sql_models import sql_models
from assets.published.tables import published
from assets.response.ad_response import ad_response
from assets.response.coupon_response import coupon_response
from assets.response.purchase_propensity import purchase_propensity
from assets.review.campaign_readout import campaign_review
from assets.review.what_came import review


def all_assets(manifest: Path) -> list[dg.AssetsDefinition]:
    """The assets; `manifest` is dbt's."""
    return [
        landing,
        sql_models(manifest),
        demand_training,
        demand_forecasts,
        coupon_response,
        ad_response,
        purchase_propensity,
        segments,
        customer_outlook,
        recommendations,
        basket_rules,
        order_calibration,
        replenishment,
        order_outlook,
        promotion_calendar,
        coupon_plan,
        ad_plan,
        ad_audiences,
        audiences,
        coupon_trial,
        decision_summary,
        review,
        campaign_review,
        published,
    ]


def all_checks() -> list[dg.AssetChecksDefinition]:
    """Checks that are not part of an asset's own step."""
    return [newest_day_is_known]
