{{ config(tags=["as_of"], meta={"dagster": {"ref": {"name": "customer_profile"}}}) }}

-- On the last evening of the run, profiles come to what the order lines of their customers come to, as known then: returns and
-- cancellations counted, in every window.
{%- set windows = {28: "business_day > as_of_day - 28", 84: "business_day > as_of_day - 84", 365: "business_day > as_of_day - 365", "lifetime": "true"} %}
{%- set measures = {
    "gross_revenue": "cast(units * unit_price as decimal(18, 4))",
    "discount_amount": "cast(discount_amount as decimal(18, 4))",
    "net_revenue": "cast(net_revenue as decimal(18, 4))",
} %}
with profiles as (
    select * from {{ ref('customer_profile') }} where as_of_day = {{ as_of_end() }} - 1
),

lines as (
    select lines.*, profiles.as_of_day
    from {{ ref('fct_order_lines') }} as lines
    inner join profiles using (customer_key)
    where {{ in_force_on('lines', 'profiles.as_of_day') }} and not lines.is_cancelled
),

line_sums as (
    select
        count(*) as line_count
        {%- for window, condition in windows.items() %},
        count(distinct row(business_day, order_id, customer_key)) filter (line_type = 'sale' and {{ condition }}) as orders_{{ window }},
        sum(-cast(net_revenue as decimal(18, 4))) filter (line_type <> 'sale' and {{ condition }}) as refund_amount_{{ window }}
        {%- for measure, expression in measures.items() %},
        sum({{ expression }})
            filter ({{ "true" if measure == "net_revenue" else "line_type = 'sale'" }} and {{ condition }}) as {{ measure }}_{{ window }}
        {%- endfor %}
        {%- endfor %}
    from lines
),

profile_sums as (
    select
        count(*) as profile_count
        {%- for window in windows %}
        {%- for measure in ["orders", "refund_amount"] + measures | list %},
        sum(cast({{ measure }}_{{ window }} as decimal(38, 4))) as {{ measure }}_{{ window }}
        {%- endfor %}
        {%- endfor %}
    from profiles
)

select *
from profile_sums
cross join line_sums
where false
    {%- for window in windows %}
    {%- for measure in ["orders", "refund_amount"] + measures | list %}
    or coalesce(profile_sums.{{ measure }}_{{ window }}, 0) <> coalesce(line_sums.{{ measure }}_{{ window }}, 0)
    {%- endfor %}
    {%- endfor %}
