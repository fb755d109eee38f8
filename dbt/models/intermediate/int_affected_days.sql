-- The business days whose rows this run must replace, for sales and for stock. A record that became known in the window
-- touches the days of every version of its key, in the landing now and in the tables of earlier runs: so late,
-- corrected, moved and withdrawn records, and days that have become empty, are all replaced. Looking at each table that
-- is to be replaced makes a run after a crash half way complete.
{%- set earlier_lines = earlier_rows("marts", "fct_order_lines") %}
{%- set earlier_sales = earlier_rows("marts", "fct_sales_daily") %}
{%- set earlier_orders = earlier_rows("intermediate", "int_orders") %}
{%- set earlier_categories = earlier_rows("intermediate", "int_category_purchases") %}
{%- set earlier_stock = earlier_rows("marts", "fct_stock_daily") %}

with window_days as (
    select cast(unnest(generate_series({{ window_start() }}, {{ window_end() }} - 1, interval 1 day)) as date) as business_day
),

landed_lines as materialized (
    select business_day, order_id, line_id, known_on from {{ ref('stg_order_lines') }}
),

touched_lines as (
    select order_id, line_id from landed_lines where {{ in_window('known_on') }}
    {%- if earlier_lines %}
    union
    select order_id, line_id from {{ earlier_lines }} where {{ in_window('known_on') }} or {{ in_window('superseded_on') }}
    {%- endif %}
),

-- A cost or category that became known late changes the orders placed since then, whose lines carry it.
touched_products as (
    select distinct product_id from {{ ref('stg_products') }} where {{ in_window('known_on') }}
),

sales_days as (
    select business_day from window_days
    union
    select business_day from landed_lines semi join touched_lines using (order_id, line_id)
    union
    select business_day from {{ ref('stg_daily_sales') }} where {{ in_window('known_on') }}
    {%- if earlier_lines %}
    union
    select business_day from {{ earlier_lines }} semi join touched_lines using (order_id, line_id)
    union
    select business_day from {{ earlier_lines }} semi join touched_products using (product_id) where known_on >= {{ window_end() }}
    {%- endif %}
    {%- for earlier in [earlier_sales, earlier_orders, earlier_categories] if earlier %}
    union
    select business_day from {{ earlier }} where {{ in_window('known_on') }} or {{ in_window('superseded_on') }}
    {%- endfor %}
),

stock_days as (
    select business_day from window_days
    union
    select business_day from {{ ref('stg_stock_levels') }} where {{ in_window('known_on') }}
    {%- if earlier_stock %}
    union
    select business_day from {{ earlier_stock }} where {{ in_window('known_on') }} or {{ in_window('superseded_on') }}
    {%- endif %}
)

select 'sales' as scope, business_day, {{ window_start() }} as window_start, {{ window_end() }} as window_end from sales_days
union all
select 'stock' as scope, business_day, {{ window_start() }} as window_start, {{ window_end() }} as window_end from stock_days
