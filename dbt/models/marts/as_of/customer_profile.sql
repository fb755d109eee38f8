{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_as_of": "as_of_day"},
    )
}}

-- What was known at the end of each as-of day about every customer who had ordered by then.
with days as (
    select cast(unnest(generate_series({{ as_of_start() }}, {{ as_of_end() }} - 1, interval 1 day)) as date) as as_of_day
),

first_orders as (
    select customer_key, min(known_on) as known_on from {{ ref('int_orders') }} where sale_lines > 0 group by customer_key
),

spine as (
    select first_orders.customer_key, days.as_of_day
    from days
    inner join first_orders on first_orders.known_on <= days.as_of_day
),

features as (
    {{ customer_features('spine') }}
),

usual_gaps as (
    select as_of_day, median(gap_mean_days) as usual_gap_days from features group by as_of_day
),

scored as (
    select
        features.*,
        -- ties share a score; 5 is best
        cast(5 - least(4, floor(5 * percent_rank() over (partition by as_of_day order by recency_days))) as bigint) as r_score,
        cast(1 + least(4, floor(5 * percent_rank() over (partition by as_of_day order by orders_365))) as bigint) as f_score,
        cast(1 + least(4, floor(5 * percent_rank() over (partition by as_of_day order by net_revenue_365))) as bigint) as m_score,
        -- customers without a gap of their own are held against the shop's median gap
        recency_days / greatest(coalesce(gap_mean_days, usual_gap_days, 28), 1) as overdue_ratio
    from features
    inner join usual_gaps using (as_of_day)
)

select
    scored.as_of_day,
    scored.customer_key,
    scored.first_order_day,
    scored.last_order_day,
    scored.tenure_days,
    scored.recency_days,
    scored.orders_28,
    scored.orders_84,
    scored.orders_365,
    scored.orders_lifetime,
    scored.net_revenue_28,
    scored.net_revenue_84,
    scored.net_revenue_365,
    scored.net_revenue_lifetime,
    scored.margin_365,
    scored.units_365,
    scored.discount_share,
    scored.promotion_share,
    scored.basket_value_mean,
    scored.basket_lines_mean,
    scored.coupon_orders_365,
    scored.last_coupon_day,
    scored.return_rate,
    scored.gap_mean_days,
    scored.gap_median_days,
    scored.gap_sd_days,
    scored.gap_max_days,
    scored.due_ratio,
    scored.active_months_12,
    scored.top_category,
    scored.top_category_share,
    scored.relative_price,
    case
        when scored.relative_price is null then null
        when scored.relative_price < 0.85 then 'low'
        when scored.relative_price <= 1.15 then 'middle'
        else 'high'
    end as price_tier,
    scored.main_channel,
    scored.channel_count,
    scored.preferred_weekday,
    scored.r_score,
    scored.f_score,
    scored.m_score,
    case
        when scored.r_score >= 4 and scored.f_score >= 4 and scored.m_score >= 4 then 'champions'
        when scored.r_score >= 3 and scored.f_score >= 4 then 'loyal'
        when scored.r_score >= 3 and scored.m_score >= 4 then 'big_baskets'
        when scored.r_score >= 4 then 'promising'
        when scored.r_score = 3 then 'cooling'
        when scored.f_score >= 3 or scored.m_score >= 4 then 'slipping_away'
        else 'dormant'
    end as rfm_segment,
    case
        when scored.orders_lifetime = 1 and scored.tenure_days < 28 then 'new'
        when scored.overdue_ratio <= 1.5 then 'active'
        when scored.overdue_ratio <= 3 then 'at_risk'
        when scored.overdue_ratio <= 6 then 'lapsed'
        else 'lost'
    end as lifecycle,
    customers.acquired_on,
    cast(date_trunc('month', scored.first_order_day) as date) as cohort_month,
    customers.region,
    customers.acquisition_channel,
    customers.customer_group,
    customers.email_consent
from scored
left join {{ ref('dim_customers') }} as customers
    on scored.customer_key = customers.customer_key and {{ in_force_on('customers', 'scored.as_of_day') }}
order by scored.as_of_day, scored.customer_key
