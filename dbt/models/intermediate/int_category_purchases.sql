{{
    config(
        materialized="incremental",
        incremental_strategy="replace_window",
        meta={"replaced_days": "int_affected_days", "replaced_scope": "sales"},
    )
}}

-- depends_on: {{ ref('int_affected_days') }}
-- Versions of what one customer bought of one category on one day; services have no category worth knowing.
with lines as (
    select * from {{ ref('int_valued_lines') }} where is_sale and not is_service
),

changes as (
    select business_day, customer_key, category, known_on as changed_on from lines
    union
    select business_day, customer_key, category, superseded_on from lines where superseded_on is not null
)

select
    changes.business_day,
    changes.customer_key,
    changes.category,
    cast(coalesce(sum(lines.units), 0) as decimal(18, 4)) as units,
    cast(coalesce(sum(lines.net_revenue), 0) as decimal(18, 4)) as sale_revenue,
    changes.changed_on as known_on,
    lead(changes.changed_on) over (
        partition by changes.business_day, changes.customer_key, changes.category order by changes.changed_on
    ) as superseded_on
from changes
left join lines
    on changes.business_day = lines.business_day
    and changes.customer_key = lines.customer_key
    and changes.category = lines.category
    and {{ in_force_on('lines', 'changes.changed_on') }}
group by changes.business_day, changes.customer_key, changes.category, changes.changed_on
order by changes.customer_key, changes.business_day, changes.category, known_on
