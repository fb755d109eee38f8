{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_as_of": "as_of_day", "thinned_out": true},
    )
}}

-- What was known at the end of each as-of day about every customer who had ordered by then. The lifecycle is told by the
-- customer's own rhythm (macros/lifecycle.sql).
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
        {{ expected_gap('len(order_days) - 1', 'gap_mean_days', 'usual_gap_days') }} as expected_gap_days
    from features
    inner join usual_gaps using (as_of_day)
),

staged as (
    {{ lifecycles('scored') }}
)

select
    staged.as_of_day,
    staged.customer_key,
    staged.first_order_day,
    staged.last_order_day,
    staged.tenure_days,
    staged.recency_days,
    {%- for window in [28, 84, 365, "lifetime"] %}
    {%- for measure in windowed_measures() %}
    staged.{{ measure }}_{{ window }},
    {%- endfor %}
    {%- endfor %}
    staged.discount_share,
    staged.promotion_share,
    staged.basket_value_mean,
    staged.basket_lines_mean,
    staged.coupon_orders_365,
    staged.coupon_orders_lifetime,
    staged.coupon_share,
    staged.last_coupon_day,
    staged.return_orders_365,
    staged.cancelled_lines_365,
    staged.return_rate,
    staged.repeat_share,
    staged.gap_mean_days,
    staged.gap_median_days,
    staged.gap_sd_days,
    staged.gap_max_days,
    staged.expected_gap_days,
    staged.due_ratio,
    staged.active_months_12,
    staged.top_category,
    staged.top_category_share,
    staged.relative_price,
    case
        when staged.relative_price is null then null
        when staged.relative_price < 0.85 then 'low'
        when staged.relative_price <= 1.15 then 'middle'
        else 'high'
    end as price_tier,
    staged.main_channel,
    staged.channel_count,
    staged.preferred_weekday,
    staged.preferred_hour,
    staged.r_score,
    staged.f_score,
    staged.m_score,
    case
        when staged.r_score >= 4 and staged.f_score >= 4 and staged.m_score >= 4 then 'champions'
        when staged.r_score >= 3 and staged.f_score >= 4 then 'loyal'
        when staged.r_score >= 3 and staged.m_score >= 4 then 'big_baskets'
        when staged.r_score >= 4 then 'promising'
        when staged.r_score = 3 then 'cooling'
        when staged.f_score >= 3 or staged.m_score >= 4 then 'slipping_away'
        else 'dormant'
    end as rfm_segment,
    staged.lifecycle,
    staged.lifecycle_since,
    staged.previous_lifecycle,
    customers.acquired_on,
    cast(date_trunc('month', staged.first_order_day) as date) as cohort_month,
    customers.region,
    customers.acquisition_channel,
    customers.customer_group,
    customers.email_consent
from staged
left join {{ ref('dim_customers') }} as customers
    on staged.customer_key = customers.customer_key and {{ in_force_on('customers', 'staged.as_of_day') }}
order by staged.as_of_day, staged.customer_key
