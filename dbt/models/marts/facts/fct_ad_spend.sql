-- Versions of what was spent on one channel and campaign on one day.
with versions as (
    {{ record_versions(
        ref('stg_ad_spend'),
        ['business_day', 'channel', 'campaign_id'],
        ['spend', 'impressions', 'clicks']
    ) }}
)

select
    business_day,
    channel,
    campaign_id,
    spend,
    impressions,
    clicks,
    known_on,
    superseded_on
from versions
order by business_day, channel, campaign_id, known_on
