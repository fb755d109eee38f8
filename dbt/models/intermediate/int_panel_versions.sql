-- The versions of each row of the sales panel: one from the day itself (or from the day its item was heard of), another
-- for every later day on which its sales, stock, promotions, opening or being goods turned out differently.
with days as (
    select business_day from {{ ref('int_panel_days') }}
),

first_versions as (
    select
        days.business_day,
        items.product_id,
        items.location_id,
        greatest(days.business_day, items.known_on) as known_on
    from {{ ref('int_item_first_days') }} as items
    inner join days on days.business_day >= items.first_day and (items.until_day is null or days.business_day < items.until_day)
),

item_changes as (
    {%- for relation in [ref('fct_sales_daily'), ref('fct_stock_daily'), ref('int_promotion_days')] %}
    select business_day, product_id, location_id, known_on as changed_on from {{ relation }}
    where known_on > business_day and business_day in (select business_day from days)
    union
    select business_day, product_id, location_id, superseded_on from {{ relation }}
    where superseded_on > business_day and business_day in (select business_day from days)
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
),

location_changes as (
    select business_day, location_id, known_on as changed_on from {{ ref('int_open_days') }}
    where known_on > business_day and business_day in (select business_day from days)
),

later_versions as (
    select first_versions.business_day, first_versions.product_id, first_versions.location_id, item_changes.changed_on as known_on
    from first_versions
    inner join item_changes using (business_day, product_id, location_id)
    where item_changes.changed_on > first_versions.known_on
    union
    select first_versions.business_day, first_versions.product_id, first_versions.location_id, location_changes.changed_on
    from first_versions
    inner join location_changes using (business_day, location_id)
    where location_changes.changed_on > first_versions.known_on
    union
    select first_versions.business_day, first_versions.product_id, first_versions.location_id, service_changes.changed_on
    from first_versions
    inner join {{ ref('int_service_changes') }} as service_changes using (product_id)
    where service_changes.changed_on > first_versions.known_on
),

chains as (
    select * from first_versions semi join later_versions using (business_day, product_id, location_id)
    union all
    select * from later_versions
)

select *, cast(null as date) as superseded_on
from first_versions
anti join later_versions using (business_day, product_id, location_id)
union all
select *, lead(known_on) over (partition by business_day, product_id, location_id order by known_on)
from chains
