{#-
    Rows of `relation` with location_id spelled out: what the shop says for `all` locations (or, where it has no location
    of that name, for the contract's default `main`) holds at every location.
-#}
{% macro at_every_location(relation) -%}
    select rows_.* replace (locations.location_id as location_id)
    from {{ relation }} as rows_
    cross join (select distinct location_id from {{ ref('dim_locations') }}) as locations
    where rows_.location_id in ('all', 'main') and rows_.location_id not in (select location_id from {{ ref('dim_locations') }})
    union all
    select * from {{ relation }}
    where location_id in (select location_id from {{ ref('dim_locations') }})
{%- endmacro %}
