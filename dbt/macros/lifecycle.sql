{#-
    The lifecycle of customers, relative to their own rhythm.

    A customer is `new` in the first 28 days while there is one order day; after that the days since the last order are held
    against the gap expected of him: active to 1.5 times, at_risk to 3, lapsed to 6, lost beyond. The expected gap is the mean
    of his own gaps, drawn towards the shop's usual gap as if he had two more gaps of that length: two orders three days apart
    say little about a rhythm, twenty say nearly all.

    Since when it holds and what it was before are told from the order days and the expected gap as known on the as-of day: a
    gap long enough to make him at_risk then counts as a time in which he was. No earlier snapshot is read, so a day's rows do
    not depend on which days were run.
-#}
{% macro expected_gap(gap_count, gap_mean, usual_gap) -%}
    greatest(
        (coalesce({{ gap_mean }}, 0) * ({{ gap_count }}) + coalesce({{ usual_gap }}, 28) * 2) / (({{ gap_count }}) + 2),
        1
    )
{%- endmacro %}

{#- Level of `days` without an order against the expected gap: active, at_risk, lapsed or lost. -#}
{% macro lifecycle_level(days, gap) -%}
    case
        when {{ days }} <= 1.5 * {{ gap }} then 'active'
        when {{ days }} <= 3 * {{ gap }} then 'at_risk'
        when {{ days }} <= 6 * {{ gap }} then 'lapsed'
        else 'lost'
    end
{%- endmacro %}

{#-
    All columns of `customers` (with first_order_day, last_order_day, tenure_days, recency_days, order_days, gap_max_days and
    expected_gap_days) and lifecycle, lifecycle_since and previous_lifecycle.
-#}
{% macro lifecycles(customers) -%}
    select
        * exclude (order_days, returned_at, level_before),
        case
            when lifecycle = 'new' then first_order_day
            when lifecycle = 'active' and returned_at is not null then order_days[returned_at]
            when lifecycle = 'active' and len(order_days) > 1 then least(order_days[2], first_order_day + 28)
            when lifecycle = 'active' then first_order_day + 28
            when len(order_days) = 1 then greatest(last_order_day + days_to_level, first_order_day + 28)
            else last_order_day + days_to_level
        end as lifecycle_since,
        case
            when lifecycle = 'new' then null
            when lifecycle = 'active' and returned_at is null then 'new'
            when lifecycle = 'active' then level_before
            when len(order_days) = 1 and days_to_level <= 28 then 'new'
            when lifecycle = 'at_risk' then 'active'
            when lifecycle = 'lapsed' then 'at_risk'
            else 'lapsed'
        end as previous_lifecycle
    from (
        select
            * exclude (returns),
            -- the order day that ended the last time without orders, and what the customer was on its eve
            returns[-1] + 1 as returned_at,
            case
                when returns[-1] = 1 and order_days[2] - order_days[1] <= 28 then 'new'
                else {{ lifecycle_level('(order_days[returns[-1] + 1] - order_days[returns[-1]] - 1)', 'expected_gap_days') }}
            end as level_before,
            cast(
                floor(case lifecycle when 'at_risk' then 1.5 when 'lapsed' then 3 else 6 end * expected_gap_days) as integer
            ) + 1 as days_to_level
        from (
            select
                *,
                case
                    when len(order_days) = 1 and tenure_days < 28 then 'new'
                    else {{ lifecycle_level('recency_days', 'expected_gap_days') }}
                end as lifecycle,
                case
                    when gap_max_days - 1 > 1.5 * expected_gap_days
                        then list_filter(
                            range(1, len(order_days)),
                            lambda position: order_days[position + 1] - order_days[position] - 1 > 1.5 * expected_gap_days
                        )
                end as returns
            from {{ customers }}
        )
    )
{%- endmacro %}
