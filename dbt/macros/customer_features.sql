{#-
    What was known about customers at the end of a day: one row per (customer_key, as_of_day) of `spine` that had ordered.

    Profiles and campaign facts both come from here, so a model never sees a feature computed two ways. Windows of n days
    end on as_of_day and include it; revenue is net of discounts, cancellations and returns; an order counts when at least
    one of its sale lines stands. Sums per channel first, since a customer has few: the main channel then costs no second pass.
-#}
{% macro customer_features(spine) -%}
    {%- set weekdays = range(1, 8) -%}
    select * from (
        with per_channel as (
            select
                spine.customer_key,
                spine.as_of_day,
                orders.channel,
                count(*) filter (orders.sale_lines > 0) as orders_lifetime,
                max(orders.business_day) filter (orders.sale_lines > 0) as last_order_day,
                list(orders.business_day) filter (orders.sale_lines > 0) as order_days,
                {%- for days in [28, 84, 365] %}
                count(*) filter (orders.sale_lines > 0 and orders.business_day > spine.as_of_day - {{ days }}) as orders_{{ days }},
                sum(orders.net_revenue) filter (orders.business_day > spine.as_of_day - {{ days }}) as net_revenue_{{ days }},
                {%- endfor %}
                sum(orders.net_revenue) as net_revenue_lifetime,
                sum(orders.sale_revenue) as sale_revenue_lifetime,
                sum(orders.sale_lines) as sale_lines_lifetime,
                sum(orders.margin) filter (orders.business_day > spine.as_of_day - 365) as margin_365,
                sum(orders.units) filter (orders.business_day > spine.as_of_day - 365) as units_365,
                sum(orders.units_returned) filter (orders.business_day > spine.as_of_day - 365) as units_returned_365,
                sum(orders.gross_revenue) filter (orders.business_day > spine.as_of_day - 365) as gross_revenue_365,
                sum(orders.discount_amount) filter (orders.business_day > spine.as_of_day - 365) as discount_amount_365,
                sum(orders.sale_revenue) filter (orders.business_day > spine.as_of_day - 365) as sale_revenue_365,
                sum(orders.promoted_revenue) filter (orders.business_day > spine.as_of_day - 365) as promoted_revenue_365,
                count(*) filter (orders.has_coupon and orders.business_day > spine.as_of_day - 365) as coupon_orders_365,
                max(orders.business_day) filter (orders.has_coupon) as last_coupon_day,
                {%- for weekday in weekdays %}
                count(*) filter (orders.sale_lines > 0 and isodow(orders.business_day) = {{ weekday }}) as weekday_{{ weekday }}
                {{- "," if not loop.last }}
                {%- endfor %}
            from {{ spine }} as spine
            inner join {{ ref('int_orders') }} as orders
                on spine.customer_key = orders.customer_key
                and orders.business_day <= spine.as_of_day
                and {{ in_force_on('orders', 'spine.as_of_day') }}
            group by spine.customer_key, spine.as_of_day, orders.channel
        ),

        per_customer as (
            select
                customer_key,
                as_of_day,
                {%- for measure in [
                    "orders_lifetime", "orders_28", "orders_84", "orders_365", "net_revenue_28", "net_revenue_84", "net_revenue_365",
                    "net_revenue_lifetime", "sale_revenue_lifetime", "sale_lines_lifetime", "margin_365", "units_365",
                    "units_returned_365", "gross_revenue_365", "discount_amount_365", "sale_revenue_365",
                    "promoted_revenue_365", "coupon_orders_365",
                ] %}
                coalesce(sum({{ measure }}), 0) as {{ measure }},
                {%- endfor %}
                max(last_coupon_day) as last_coupon_day,
                list_sort(list_distinct(flatten(list(order_days) filter (order_days is not null)))) as order_days,
                count(*) filter (orders_lifetime > 0) as channel_count,
                arg_max(channel, row(orders_lifetime, last_order_day, channel)) filter (orders_lifetime > 0) as main_channel,
                [{% for weekday in weekdays %}sum(weekday_{{ weekday }}){{ ", " if not loop.last }}{% endfor %}] as weekday_orders
            from per_channel
            group by customer_key, as_of_day
            having sum(orders_lifetime) > 0
        ),

        with_gaps as (
            select
                *,
                [order_days[position + 1] - order_days[position] for position in range(1, len(order_days))] as gaps
            from per_customer
        ),

        per_category as (
            select
                spine.customer_key,
                spine.as_of_day,
                categories.category,
                sum(categories.sale_revenue) as sale_revenue,
                sum(categories.units) as units
            from {{ spine }} as spine
            inner join {{ ref('int_category_purchases') }} as categories
                on spine.customer_key = categories.customer_key
                and categories.business_day <= spine.as_of_day
                and categories.business_day > spine.as_of_day - 365
                and {{ in_force_on('categories', 'spine.as_of_day') }}
            group by spine.customer_key, spine.as_of_day, categories.category
        ),

        tastes as (
            select
                per_category.customer_key,
                per_category.as_of_day,
                arg_max(per_category.category, row(per_category.sale_revenue, per_category.units, per_category.category)) as top_category,
                max(per_category.sale_revenue) / nullif(sum(per_category.sale_revenue), 0) as top_category_share,
                sum(per_category.sale_revenue) filter (prices.mean_price > 0)
                    / nullif(sum(per_category.units * prices.mean_price) filter (prices.mean_price > 0), 0) as relative_price
            from per_category
            left join {{ ref('int_category_prices') }} as prices
                on per_category.category = prices.category
                and date_trunc('month', per_category.as_of_day) = prices.month_start
            where per_category.units > 0
            group by per_category.customer_key, per_category.as_of_day
        )

        select
            customer_key,
            as_of_day,
            order_days[1] as first_order_day,
            order_days[-1] as last_order_day,
            as_of_day - order_days[1] as tenure_days,
            as_of_day - order_days[-1] as recency_days,
            cast(orders_28 as bigint) as orders_28,
            cast(orders_84 as bigint) as orders_84,
            cast(orders_365 as bigint) as orders_365,
            cast(orders_lifetime as bigint) as orders_lifetime,
            net_revenue_28,
            net_revenue_84,
            net_revenue_365,
            net_revenue_lifetime,
            margin_365,
            units_365,
            coalesce(discount_amount_365 / nullif(gross_revenue_365, 0), 0) as discount_share,
            coalesce(promoted_revenue_365 / nullif(sale_revenue_365, 0), 0) as promotion_share,
            sale_revenue_lifetime / orders_lifetime as basket_value_mean,
            sale_lines_lifetime / orders_lifetime as basket_lines_mean,
            cast(coupon_orders_365 as bigint) as coupon_orders_365,
            last_coupon_day,
            coalesce(units_returned_365 / nullif(units_365, 0), 0) as return_rate,
            list_avg(gaps) as gap_mean_days,
            list_median(gaps) as gap_median_days,
            list_stddev_samp(gaps) as gap_sd_days,
            list_max(gaps) as gap_max_days,
            (as_of_day - order_days[-1]) / nullif(list_avg(gaps), 0) as due_ratio,
            len(list_distinct([date_trunc('month', day) for day in order_days if day > as_of_day - 365])) as active_months_12,
            top_category,
            top_category_share,
            relative_price,
            main_channel,
            channel_count,
            cast(list_position(weekday_orders, list_max(weekday_orders)) as bigint) as preferred_weekday
        from with_gaps
        left join tastes using (customer_key, as_of_day)
    )
{%- endmacro %}
