-- Days on which a product turned out to be a service after all, or goods after all: its rows of the panel end or begin there,
-- those of earlier days included.
with versions as (
    select product_id, known_on, is_service, lag(is_service) over (partition by product_id order by known_on) as was_service
    from {{ ref('dim_products') }}
)

select product_id, known_on as changed_on
from versions
where is_service <> was_service
