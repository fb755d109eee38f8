-- Versions of buyers' decisions about order lines. One recorded after its order day comes too late for that order and is kept beside the
-- decision that was in force when the order went out, not as a later version of it.
with records as (
    select *, coalesce(cast(recorded_at as date), order_day) <= order_day as is_in_time
    from {{ ref('stg_order_overrides') }}
),

versions as (
    {{ record_versions(
        'records',
        ['order_day', 'product_id', 'location_id', 'is_in_time'],
        ['action', 'units', 'reason']
    ) }}
)

select
    order_day,
    product_id,
    location_id,
    is_in_time,
    action as override_action,
    units as override_units,
    reason,
    known_on,
    superseded_on
from versions
order by order_day, product_id, location_id, is_in_time, known_on
