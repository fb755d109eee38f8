{#-
    Sums over the last n days as running sums of what enters and leaves each window: one row per key and day on which one of
    them changed. Adding every day up from all its rows took ten times as long for sixty days.

    `rows` names a relation or CTE with the key, business_day, first_day and last_day (the days asked for), enters_on (day
    from which a row is known, not before first_day) and leaves_on (day from which it no longer holds). `windows` maps days
    to {name: expression}. Use decimals or whole numbers, so that what has left leaves nothing behind.
-#}
{% macro rolling_windows(rows, key, windows) -%}
    {%- set widest = windows.keys() | max -%}
    with movements as (
        -- known from now on: in every window the row is young enough for
        select *, enters_on as changed_on, 1 as sign, 0 as aged_out_of
        from {{ rows }}
        where business_day + {{ widest }} > enters_on
        union all
        -- corrected: out of every window it is still in
        select *, leaves_on as changed_on, -1 as sign, 0 as aged_out_of
        from {{ rows }}
        where leaves_on <= last_day and business_day + {{ widest }} > leaves_on
        {%- for days in windows %}
        union all
        -- too old for one window
        select *, business_day + {{ days }} as changed_on, -1 as sign, {{ days }} as aged_out_of
        from {{ rows }}
        where business_day + {{ days }} > enters_on and business_day + {{ days }} <= last_day and business_day + {{ days }} <= leaves_on
        {%- endfor %}
    ),

    signed as (
        select
            *
            {%- for days in windows %},
            case
                when aged_out_of = {{ days }} then sign
                when aged_out_of = 0 and changed_on < business_day + {{ days }} then sign
                else 0
            end as sign_{{ days }}
            {%- endfor %}
        from movements
    ),

    totals as (
        select
            {{ key }},
            changed_on
            {%- for days, sums in windows.items() %}
            {%- for name, expression in sums.items() %},
            sum(sign_{{ days }} * ({{ expression }})) as {{ name }}
            {%- endfor %}
            {%- endfor %}
        from signed
        group by {{ key }}, changed_on
    )

    select
        {{ key }},
        changed_on
        {%- for sums in windows.values() %}
        {%- for name in sums %},
        sum({{ name }}) over history as {{ name }}
        {%- endfor %}
        {%- endfor %}
    from totals
    window history as (partition by {{ key }} order by changed_on)
{%- endmacro %}
