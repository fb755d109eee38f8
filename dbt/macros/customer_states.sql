{#-
    States of customers on the days on which they change; see customer_features. `orders` is its CTE of order versions with
    enters_on, leaves_on and the customer's first_day and last_day.
-#}

{#-
    All orders ever: one row per customer and day on which an order became known or was corrected. Sums per channel first,
    since a customer has few: the main channel then costs no second pass over the orders.
-#}
{% macro lifetime_states(orders) -%}
    {%- set weekdays = range(1, 8) -%}
    {%- set sums = ["sale_lines", "gross_revenue", "discount_amount", "sale_revenue", "net_revenue", "margin", "units"] -%}
    with changes as (
        select customer_key, enters_on as changed_on from {{ orders }}
        union
        select customer_key, leaves_on from {{ orders }} where leaves_on <= last_day
    ),

    per_channel as (
        select
            changes.customer_key,
            changes.changed_on,
            orders.channel,
            count(*) filter (orders.sale_lines > 0) as order_count,
            max(orders.business_day) filter (orders.sale_lines > 0) as last_order_day,
            max(orders.business_day) filter (orders.has_coupon) as last_coupon_day,
            list(orders.business_day) filter (orders.sale_lines > 0) as order_days,
            list(orders.order_hour) filter (orders.order_hour is not null) as order_hours,
            count(*) filter (orders.has_coupon) as coupon_orders,
            {%- for measure in sums %}
            sum(orders.{{ measure }}) as {{ measure }},
            {%- endfor %}
            {%- for weekday in weekdays %}
            count(*) filter (orders.sale_lines > 0 and isodow(orders.business_day) = {{ weekday }}) as weekday_{{ weekday }}
            {{- "," if not loop.last }}
            {%- endfor %}
        from changes
        left join {{ orders }} as orders
            on changes.customer_key = orders.customer_key
            and changes.changed_on >= orders.enters_on
            and changes.changed_on < orders.leaves_on
        group by changes.customer_key, changes.changed_on, orders.channel
    ),

    per_customer as (
        select
            customer_key,
            changed_on,
            cast(sum(order_count) as bigint) as orders_lifetime,
            cast(sum(coupon_orders) as bigint) as coupon_orders_lifetime,
            {%- for measure in ["gross_revenue", "discount_amount", "net_revenue", "margin", "units"] %}
            cast(coalesce(sum({{ measure }}), 0) as double) as {{ measure }}_lifetime,
            {%- endfor %}
            cast(coalesce(sum(sale_revenue - net_revenue), 0) as double) as refund_amount_lifetime,
            cast(sum(sale_revenue) as double) / nullif(sum(order_count), 0) as basket_value_mean,
            cast(sum(sale_lines) as double) / nullif(sum(order_count), 0) as basket_lines_mean,
            max(last_coupon_day) as last_coupon_day,
            count(*) filter (order_count > 0) as channel_count,
            arg_max(channel, row(order_count, last_order_day, channel)) filter (order_count > 0) as main_channel,
            [{% for weekday in weekdays %}sum(weekday_{{ weekday }}){{ ", " if not loop.last }}{% endfor %}] as weekday_orders,
            list_sort(list_distinct(flatten(list(order_days) filter (order_days is not null)))) as order_days,
            list_sort(flatten(list(order_hours) filter (order_hours is not null))) as order_hours
        from per_channel
        group by customer_key, changed_on
    ),

    with_gaps as (
        select *, [order_days[position + 1] - order_days[position] for position in range(1, len(order_days))] as gaps
        from per_customer
    )

    select
        * exclude (gaps, weekday_orders, order_hours),
        order_days[1] as first_order_day,
        order_days[-1] as last_order_day,
        cast(list_avg(gaps) as double) as gap_mean_days,
        cast(list_median(gaps) as double) as gap_median_days,
        cast(list_stddev_samp(gaps) as double) as gap_sd_days,
        list_max(gaps) as gap_max_days,
        list_distinct([{{ month_number('day') }} for day in order_days]) as order_months,
        cast(list_position(weekday_orders, list_max(weekday_orders)) as bigint) as preferred_weekday,
        -- the first of a sorted list wins a tie
        cast(list_mode(order_hours) as bigint) as preferred_hour
    from with_gaps
{%- endmacro %}

{#- What is summed over each window: column prefix and the expression over an order. -#}
{% macro windowed_measures() -%}
    {{ return({
        "orders": "cast(sale_lines > 0 as integer)",
        "gross_revenue": "gross_revenue",
        "discount_amount": "discount_amount",
        "refund_amount": "sale_revenue - net_revenue",
        "net_revenue": "net_revenue",
        "margin": "margin",
        "units": "units",
    }) }}
{%- endmacro %}

{#- Orders of the last 28, 84 and 365 days. -#}
{% macro window_states(orders) -%}
    {%- set windows = {} -%}
    {%- for days in [28, 84, 365] -%}
        {%- do windows.update({days: {}}) -%}
        {%- for name, expression in windowed_measures().items() -%}
            {%- do windows[days].update({name ~ "_" ~ days: expression}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do windows[365].update({
        "coupon_orders_365": "cast(has_coupon as integer)",
        "return_orders_365": "cast(return_lines > 0 as integer)",
        "cancelled_lines_365": "cancelled_lines",
        "units_returned_365": "units_returned",
        "sale_revenue_365": "sale_revenue",
        "promoted_revenue_365": "promoted_revenue",
    }) -%}
    {{ rolling_windows(orders, "customer_key", windows) }}
{%- endmacro %}

{#- Categories bought in the last 365 days: one row per customer and day on which they, or the prices held against, changed. -#}
{% macro taste_states(bounds) -%}
    with purchases as materialized (
        select
            versions.customer_key,
            versions.category,
            versions.units,
            versions.sale_revenue,
            bounds.last_day,
            greatest(versions.known_on, bounds.first_day) as enters_on,
            least(coalesce(versions.superseded_on, date '9999-12-31'), versions.business_day + 365) as leaves_on
        from {{ ref('int_category_purchases') }} as versions
        inner join {{ bounds }} as bounds using (customer_key)
        where versions.known_on <= bounds.last_day
            and least(coalesce(versions.superseded_on, date '9999-12-31'), versions.business_day + 365) > bounds.first_day
            and versions.business_day + 365 > versions.known_on
    ),

    changes as (
        select customer_key, enters_on as changed_on from purchases
        union
        select customer_key, leaves_on from purchases where leaves_on <= last_day
        union
        select bounds.customer_key, prices.month_start
        from {{ bounds }} as bounds
        inner join (select distinct month_start from {{ ref('int_category_prices') }}) as prices
            on prices.month_start > bounds.first_day and prices.month_start <= bounds.last_day
    ),

    per_category as (
        select
            changes.customer_key,
            changes.changed_on,
            purchases.category,
            cast(sum(purchases.sale_revenue) as decimal(18, 4)) as sale_revenue,
            cast(sum(purchases.units) as decimal(18, 4)) as units
        from changes
        left join purchases
            on changes.customer_key = purchases.customer_key
            and changes.changed_on >= purchases.enters_on
            and changes.changed_on < purchases.leaves_on
        group by changes.customer_key, changes.changed_on, purchases.category
    )

    select
        per_category.customer_key,
        per_category.changed_on,
        arg_max(per_category.category, row(per_category.sale_revenue, per_category.units, per_category.category))
            filter (per_category.units > 0) as top_category,
        cast(max(per_category.sale_revenue) filter (per_category.units > 0) as double)
            / nullif(cast(sum(per_category.sale_revenue) as double), 0) as top_category_share,
        cast(sum(per_category.sale_revenue) filter (prices.mean_price > 0) as double)
            / nullif(cast(sum(per_category.units * prices.mean_price) filter (prices.mean_price > 0) as double), 0) as relative_price
    from per_category
    left join {{ ref('int_category_prices') }} as prices
        on per_category.category = prices.category
        and cast(date_trunc('month', per_category.changed_on) as date) = prices.month_start
    group by per_category.customer_key, per_category.changed_on
{%- endmacro %}
