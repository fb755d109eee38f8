{#-
    What was known about customers at the end of a day: one row per (customer_key, as_of_day) of `spine` that had ordered.

    Profiles and campaign facts both come from here, so a model never sees a feature computed two ways. Windows of n days
    end on as_of_day and include it; revenue is net of discounts, cancellations and returns; an order counts when at least
    one of its sale lines stands.

    A customer's numbers change on few days: when an order becomes known or is corrected, and when one leaves a window. So
    the states on those days are computed (macros/customer_states.sql) and each as-of day takes the last one before it;
    computing every day from every order took ten times as long for sixty days.
-#}
{% macro customer_features(spine) -%}
    select * from (
        with bounds as (
            select customer_key, min(as_of_day) as first_day, max(as_of_day) as last_day from {{ spine }} group by customer_key
        ),

        -- Versions of orders some day of the spine can see; they count from enters_on until before leaves_on.
        orders as materialized (
            select
                versions.*,
                bounds.first_day,
                bounds.last_day,
                greatest(versions.known_on, bounds.first_day) as enters_on,
                coalesce(versions.superseded_on, date '9999-12-31') as leaves_on
            from {{ ref('int_orders') }} as versions
            inner join bounds using (customer_key)
            where versions.known_on <= bounds.last_day and coalesce(versions.superseded_on, date '9999-12-31') > bounds.first_day
        ),

        lifetimes as ({{ lifetime_states('orders') }}),

        windows as ({{ window_states('orders') }}),

        tastes as ({{ taste_states('bounds') }})

        select
            spine.customer_key,
            spine.as_of_day,
            lifetimes.first_order_day,
            lifetimes.last_order_day,
            spine.as_of_day - lifetimes.first_order_day as tenure_days,
            spine.as_of_day - lifetimes.last_order_day as recency_days,
            {%- for days in [28, 84, 365] %}
            cast(coalesce(windows.orders_{{ days }}, 0) as bigint) as orders_{{ days }},
            {%- for measure in windowed_measures() if measure != "orders" %}
            cast(coalesce(windows.{{ measure }}_{{ days }}, 0) as double) as {{ measure }}_{{ days }},
            {%- endfor %}
            {%- endfor %}
            {%- for measure in ["coupon_orders_365", "return_orders_365", "cancelled_lines_365"] %}
            cast(coalesce(windows.{{ measure }}, 0) as bigint) as {{ measure }},
            {%- endfor %}
            lifetimes.orders_lifetime,
            lifetimes.coupon_orders_lifetime,
            {%- for measure in windowed_measures() if measure != "orders" %}
            lifetimes.{{ measure }}_lifetime,
            {%- endfor %}
            {{ share('windows.coupon_orders_365', 'windows.orders_365') }} as coupon_share,
            -- orders of the year that were not the customer's first
            {{ share('windows.orders_365 - cast(spine.as_of_day - lifetimes.first_order_day < 365 as integer)', 'windows.orders_365') }}
                as repeat_share,
            {{ share('windows.discount_amount_365', 'windows.gross_revenue_365') }} as discount_share,
            {{ share('windows.promoted_revenue_365', 'windows.sale_revenue_365') }} as promotion_share,
            {{ share('windows.units_returned_365', 'windows.units_365') }} as return_rate,
            lifetimes.basket_value_mean,
            lifetimes.basket_lines_mean,
            lifetimes.last_coupon_day,
            lifetimes.gap_mean_days,
            lifetimes.gap_median_days,
            lifetimes.gap_sd_days,
            lifetimes.gap_max_days,
            (spine.as_of_day - lifetimes.last_order_day) / lifetimes.gap_mean_days as due_ratio,
            cast(
                len(list_filter(lifetimes.order_months, lambda month: month > {{ month_number('spine.as_of_day') }} - 12)) as bigint
            ) as active_months_12,
            tastes.top_category,
            tastes.top_category_share,
            tastes.relative_price,
            lifetimes.main_channel,
            lifetimes.channel_count,
            lifetimes.preferred_weekday,
            lifetimes.preferred_hour,
            lifetimes.order_days
        from {{ spine }} as spine
        asof inner join lifetimes
            on spine.customer_key = lifetimes.customer_key and spine.as_of_day >= lifetimes.changed_on
        asof left join windows
            on spine.customer_key = windows.customer_key and spine.as_of_day >= windows.changed_on
        asof left join tastes
            on spine.customer_key = tastes.customer_key and spine.as_of_day >= tastes.changed_on
        where lifetimes.orders_lifetime > 0
    )
{%- endmacro %}

{#- part / whole as a double, 0 where there is no whole. -#}
{% macro share(part, whole) -%}
    coalesce(cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0), 0.0)
{%- endmacro %}

{#- Calendar months as consecutive numbers. -#}
{% macro month_number(day) -%}
    (year({{ day }}) * 12 + month({{ day }}))
{%- endmacro %}
