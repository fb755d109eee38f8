-- Versions of open days and events as the shop announced them; closing days nobody announced are learned in int_open_days.
with versions as (
    {{ record_versions(
        ref('stg_calendar'),
        ['business_day', 'location_id'],
        ['is_open', 'event_name', 'event_type']
    ) }}
)

select
    business_day,
    location_id,
    is_open,
    event_name,
    event_type,
    known_on,
    superseded_on
from versions
order by business_day, location_id, known_on
