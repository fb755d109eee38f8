-- From which day on an item (product at a location) exists, as far as was known: a late record of an earlier day moves its
-- first day back from the day it became known. Rows hold for business days from first_day until before until_day.
with observations as (
    select product_id, location_id, business_day, known_on from {{ ref('fct_sales_daily') }}
    union all
    select product_id, location_id, business_day, known_on from {{ ref('fct_stock_daily') }}
),

beginnings as (
    select product_id, location_id, min(known_on) as known_on, arg_min(business_day, row(known_on, business_day)) as first_day
    from observations
    group by product_id, location_id
),

earlier_days_heard_of_later as (
    select observations.product_id, observations.location_id, observations.known_on, min(observations.business_day) as first_day
    from observations
    inner join beginnings using (product_id, location_id)
    where observations.business_day < beginnings.first_day
    group by observations.product_id, observations.location_id, observations.known_on
),

candidates as (
    select product_id, location_id, known_on, first_day from beginnings
    union all
    select product_id, location_id, known_on, first_day from earlier_days_heard_of_later
),

moved_back as (
    select
        *,
        min(first_day) over (
            partition by product_id, location_id order by known_on rows between unbounded preceding and 1 preceding
        ) as until_day
    from candidates
)

select product_id, location_id, first_day, until_day, known_on
from moved_back
where until_day is null or first_day < until_day
