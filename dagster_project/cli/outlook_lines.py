"""What `countinghouse outlook` prints: one line per coming week, and what the figures rest on."""

from datetime import date

from dagster_project.settings import Settings


def outlook_lines(settings: Settings, day: date) -> list[str]:
    """The outlook from `day` as lines of text."""
    from assets.decisions.order_outlook import CERTIFICATES, outlook_weeks
    from assets.warehouse import Warehouse
    from dagster_project.resources import resources

    warehouse = resources(settings)["warehouse"]
    assert isinstance(warehouse, Warehouse)
    told = warehouse.read(f"select * from {CERTIFICATES} where as_of_day = ?", [day]).to_dicts()[0]
    lines = [f"{'week of':<12}{'planned':>14}{'budget':>14}{'1.00 more saves':>17}{'lines':>8}{'lost units':>12}"]
    for row in outlook_weeks(warehouse, day).to_dicts():
        budget = "none" if row["budget"] is None else f"{row['budget']:,.2f}"
        price = "" if row["shadow_price"] is None else f"{row['shadow_price']:.4f}"
        week = row["period_start"].isoformat()
        lines.append(f"{week:<12}{row['value']:>14,.2f}{budget:>14}{price:>17}{row['lines']:>8,}{row['lost_units']:>12,.0f}")
    gap = "unknown" if told["gap"] is None else f"{told['gap']:.2%}"
    lines.append(
        f"{told['items']:,} items from mean demand, {told['items_left_out']:,} left out; suppliers' terms: {told['suppliers_terms']}; "
        f"at most {gap} from the best plan ({told['status']})."
    )
    return [
        *lines,
        "An outlook, no order. The first week is what comes besides today's orders; orders that arrive after the last are not seen.",
    ]
