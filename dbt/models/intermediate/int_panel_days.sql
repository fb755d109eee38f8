-- The business days of the sales panel that this run must replace: the window and all days after it (prices are carried
-- forward), days whose sales, stock, promotions or opening changed, days from which an item is now known to exist or to be
-- goods (or none), and days whose rows rest on what earlier runs took from the window or later.
{%- set earlier_panel = earlier_rows("marts", "sales_panel") %}

with last_day as (
    select greatest({{ window_end() }} - 1
        {%- if earlier_panel %}, coalesce((select max(business_day) from {{ earlier_panel }}), {{ window_end() }} - 1){% endif %}) as business_day
),

days as (
    select cast(unnest(generate_series({{ window_start() }}, business_day, interval 1 day)) as date) as business_day from last_day
    union
    select business_day from {{ ref('int_affected_days') }}
    union
    select business_day from {{ ref('int_promotion_days') }} where {{ in_window('known_on') }} or {{ in_window('superseded_on') }}
    union
    select business_day from {{ ref('int_open_days') }} where {{ in_window('known_on') }} or {{ in_window('superseded_on') }}
    union
    select cast(unnest(generate_series(first_day, least(known_on, coalesce(until_day, known_on)), interval 1 day)) as date)
    from {{ ref('int_item_first_days') }}
    where known_on >= {{ window_start() }} and first_day < known_on
    union
    select cast(unnest(generate_series(items.first_day, changes.changed_on, interval 1 day)) as date)
    from {{ ref('int_item_first_days') }} as items
    inner join {{ ref('int_service_changes') }} as changes using (product_id)
    where changes.changed_on >= {{ window_start() }} and items.first_day < changes.changed_on
    {%- if earlier_panel %}
    union
    select business_day from {{ earlier_panel }} where known_on >= {{ window_start() }} or superseded_on >= {{ window_start() }}
    {%- endif %}
)

select business_day, {{ window_start() }} as window_start, {{ window_end() }} as window_end
from days
where business_day <= (select business_day from last_day)
