-- Versions of purchase order lines: ordered first, received later.
with versions as (
    {{ record_versions(
        ref('stg_purchase_orders'),
        ['po_id', 'line_id'],
        ['product_id', 'location_id', 'supplier_id', 'ordered_on', 'expected_on', 'received_on', 'units_ordered', 'units_received', 'unit_cost']
    ) }}
)

select
    po_id,
    line_id,
    product_id,
    location_id,
    supplier_id,
    ordered_on,
    expected_on,
    received_on,
    units_ordered,
    units_received,
    unit_cost,
    known_on,
    superseded_on
from versions
order by po_id, line_id, known_on
