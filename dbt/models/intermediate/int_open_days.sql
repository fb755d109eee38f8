{%- set busy_items = 20 %}
{%- set learning_days = 56 -%}
-- Whether a location was open on a day, by version. The shop's calendar decides where it has a row (one for the location
-- before one for `all`). Elsewhere closing days are learned from sales alone: without a sale that day, a location counts
-- as closed when it sold nothing on that weekday in the last eight weeks, or when it otherwise sells
-- {{ busy_items }} different products a day. A location's first eight weeks count as open. What is learned for a day is what was known the
-- evening before; a sale that is heard of later opens its own day and no other.
with items as (
    select business_day, location_id, product_id, min(known_on) as known_on
    from {{ ref('fct_sales_daily') }}
    where units > 0
    group by business_day, location_id, product_id
),

-- how many products are known to have sold on a day, by the day on which that became known
location_news as (
    select business_day, location_id, known_on, count(*) as items_sold
    from items
    group by business_day, location_id, known_on
),

location_days as (
    select business_day, location_id, min(known_on) as first_sale_known_on from location_news group by business_day, location_id
),

location_starts as (
    select location_id, min(business_day) as first_sale_day from location_days group by location_id
),

-- a location's first sale as far as was known, one row per day on which news came
known_starts as (
    select distinct location_id, known_on, min(business_day) over (partition by location_id order by known_on) as first_sale_day
    from location_news
),

last_day as (
    select greatest(max(business_day), {{ window_end() }} - 1) as business_day from location_days
),

spine as (
    select
        cast(unnest(generate_series(least(first_stock.first_day, location_starts.first_sale_day), last_day.business_day, interval 1 day)) as date) as business_day,
        locations.location_id
    from (select distinct location_id from {{ ref('dim_locations') }}) as locations
    cross join last_day
    left join location_starts using (location_id)
    left join (select location_id, min(first_day) as first_day from {{ ref('int_item_first_days') }} group by location_id) as first_stock
        using (location_id)
),

-- Weekday and busyness as known at the end of the day before.
habits as (
    select
        spine.business_day,
        spine.location_id,
        count(*) filter (dayofweek(past.business_day) = dayofweek(spine.business_day)) as same_weekdays_with_sales,
        coalesce(
            sum(past.items_sold) filter (past.business_day >= spine.business_day - 28)
            / count(distinct past.business_day) filter (past.business_day >= spine.business_day - 28),
            0
        ) as usual_items_sold
    from spine
    left join location_news as past
        on spine.location_id = past.location_id
        and past.business_day < spine.business_day
        and past.business_day >= spine.business_day - {{ learning_days }}
        and past.known_on < spine.business_day
    group by spine.business_day, spine.location_id
),

learned as (
    select
        habits.business_day,
        habits.location_id,
        location_days.first_sale_known_on,
        coalesce(habits.business_day < known_starts.first_sale_day + {{ learning_days }}, true)
            or (habits.same_weekdays_with_sales > 0 and habits.usual_items_sold < {{ busy_items }}) as is_open_without_sale
    from habits
    left join location_days using (business_day, location_id)
    asof left join known_starts on habits.location_id = known_starts.location_id and habits.business_day > known_starts.known_on
),

announced as (
    select business_day, location_id, false as is_general, is_open, known_on, superseded_on
    from {{ ref('dim_calendar') }}
    where location_id <> 'all'
    union all
    select calendar.business_day, locations.location_id, true as is_general, calendar.is_open, calendar.known_on, calendar.superseded_on
    from {{ ref('dim_calendar') }} as calendar
    cross join (select distinct location_id from {{ ref('dim_locations') }}) as locations
    where calendar.location_id = 'all'
),

changes as (
    select business_day, location_id, business_day as changed_on from spine
    union
    select business_day, location_id, first_sale_known_on from learned where first_sale_known_on > business_day
    union
    select business_day, location_id, known_on from announced where known_on > business_day
    union
    select business_day, location_id, superseded_on from announced where superseded_on > business_day
),

states as (
    select
        changes.business_day,
        changes.location_id,
        changes.changed_on,
        coalesce(
            bool_and(announced.is_open) filter (not announced.is_general),
            bool_and(announced.is_open) filter (announced.is_general),
            bool_and(learned.is_open_without_sale or coalesce(learned.first_sale_known_on <= changes.changed_on, false))
        ) as is_open
    from changes
    inner join learned using (business_day, location_id)
    left join announced
        on changes.business_day = announced.business_day
        and changes.location_id = announced.location_id
        and {{ in_force_on('announced', 'changes.changed_on') }}
    group by changes.business_day, changes.location_id, changes.changed_on
)

select
    business_day,
    location_id,
    is_open,
    changed_on as known_on,
    lead(changed_on) over (partition by business_day, location_id order by changed_on) as superseded_on
from states
