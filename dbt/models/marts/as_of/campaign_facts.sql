{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_window": "known_on"},
    )
}}

-- One row per customer in a campaign once the outcome window has passed and a week for late records with it: what was known
-- of the customer the evening before, which coupon they got, and what they bought in the window. What is settled stays: an
-- assignment corrected after that day settles nothing a second time.
{%- set days_for_late_records = 7 %}
with assignments as (
    select
        *,
        assigned_on - 1 as as_of_day,
        assigned_on + {{ outcome_window_days() }} as window_end_on,
        greatest(assigned_on + {{ outcome_window_days() }} + {{ days_for_late_records }}, known_on) as settled_on
    from {{ ref('fct_coupon_assignments') }}
),

settled_versions as (
    select *, row_number() over (partition by campaign_id, customer_key order by settled_on) as settlement
    from assignments
    where coalesce(superseded_on, date '9999-12-31') > settled_on
),

settled as (
    select * exclude (settlement) from settled_versions where settlement = 1 and {{ in_window('settled_on') }}
),

spine as (
    select distinct customer_key, as_of_day from settled
),

features as (
    {{ customer_features('spine') }}
),

outcomes as (
    select
        settled.campaign_id,
        settled.customer_key,
        count(*) filter (orders.sale_lines > 0) as outcome_orders,
        sum(orders.net_revenue) as outcome_net_revenue,
        sum(orders.margin) as outcome_margin
    from settled
    inner join {{ ref('int_orders') }} as orders
        on settled.customer_key = orders.customer_key
        and orders.business_day > settled.assigned_on
        and orders.business_day <= settled.window_end_on
        and {{ in_force_on('orders', 'settled.settled_on') }}
    group by settled.campaign_id, settled.customer_key
),

-- A redemption shows on the order's lines, in the shop's list of redemptions, or in both; the list knows the amount best.
redemption_sources as (
    select coupon_id, customer_key, order_id, redeemed_on, discount_amount as listed_discount, null as line_discount, known_on, superseded_on
    from {{ ref('fct_coupon_redemptions') }}
    union all
    select coupon_id, customer_key, order_id, business_day, null, discount_amount, known_on, superseded_on
    from {{ ref('fct_order_lines') }}
    where coupon_id is not null and line_type = 'sale' and customer_key is not null
),

redeemed_orders as (
    select
        settled.campaign_id,
        settled.customer_key,
        sources.order_id,
        coalesce(sum(sources.listed_discount), least(sum(sources.line_discount), any_value(coupons.face_value)), 0) as discount
    from settled
    inner join redemption_sources as sources
        on settled.customer_key = sources.customer_key
        and settled.coupon_id = sources.coupon_id
        and sources.redeemed_on > settled.assigned_on
        and sources.redeemed_on <= settled.window_end_on
        and {{ in_force_on('sources', 'settled.settled_on') }}
    left join {{ ref('dim_coupons') }} as coupons
        on settled.coupon_id = coupons.coupon_id and {{ in_force_on('coupons', 'settled.settled_on') }}
    group by settled.campaign_id, settled.customer_key, sources.order_id
),

redemptions as (
    select campaign_id, customer_key, sum(discount) as redemption_discount
    from redeemed_orders
    group by campaign_id, customer_key
)

select
    settled.campaign_id,
    settled.customer_key,
    settled.coupon_id,
    case when settled.coupon_id is null then 0.0 else coupons.face_value end as face_value,
    settled.propensity,
    coalesce(campaigns.is_randomised, false) as is_randomised,
    settled.assigned_on,
    settled.as_of_day,
    features.recency_days,
    features.tenure_days,
    {%- for measure in ["orders_28", "orders_84", "orders_365", "orders_lifetime", "coupon_orders_365", "active_months_12"] %}
    coalesce(features.{{ measure }}, 0) as {{ measure }},
    {%- endfor %}
    {%- for measure in [
        "net_revenue_28", "net_revenue_84", "net_revenue_365", "net_revenue_lifetime", "margin_365", "units_365",
        "basket_value_mean", "basket_lines_mean", "discount_share", "promotion_share", "return_rate",
    ] %}
    cast(coalesce(features.{{ measure }}, 0) as double) as {{ measure }},
    {%- endfor %}
    features.gap_mean_days,
    features.gap_sd_days,
    features.due_ratio,
    features.relative_price,
    features.top_category,
    features.main_channel,
    coalesce(outcomes.outcome_orders, 0) as outcome_orders,
    cast(coalesce(outcomes.outcome_net_revenue, 0) as double) as outcome_net_revenue,
    cast(coalesce(outcomes.outcome_margin, 0) as double) as outcome_margin,
    redemptions.customer_key is not null as redeemed,
    cast(coalesce(redemptions.redemption_discount, 0) as double) as redemption_discount,
    settled.settled_on as known_on
from settled
left join features on settled.customer_key = features.customer_key and settled.as_of_day = features.as_of_day
left join outcomes on settled.campaign_id = outcomes.campaign_id and settled.customer_key = outcomes.customer_key
left join redemptions on settled.campaign_id = redemptions.campaign_id and settled.customer_key = redemptions.customer_key
left join {{ ref('dim_coupons') }} as coupons
    on settled.coupon_id = coupons.coupon_id and {{ in_force_on('coupons', 'settled.settled_on') }}
left join {{ ref('dim_campaigns') }} as campaigns
    on settled.campaign_id = campaigns.campaign_id and {{ in_force_on('campaigns', 'settled.settled_on') }}
order by settled.campaign_id, settled.customer_key
