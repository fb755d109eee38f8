-- Versions of the terms of suppliers. Days between two order chances follow from the order days where the shop does not say.
with versions as (
    {{ record_versions(
        ref('stg_suppliers'),
        ['supplier_id'],
        ['supplier_name', 'lead_time_days', 'lead_time_sd_days', 'review_days', 'order_weekdays', 'min_order_value', 'fixed_order_cost']
    ) }}
)

select
    supplier_id,
    supplier_name,
    lead_time_days,
    lead_time_sd_days,
    coalesce(
        review_days,
        cast(ceil(7.0 / nullif(len(list_filter(string_split(order_weekdays, ','), lambda day: trim(day) <> '')), 0)) as bigint),
        1
    ) as review_days,
    order_weekdays,
    min_order_value,
    fixed_order_cost,
    known_on,
    superseded_on
from versions
order by supplier_id, known_on
