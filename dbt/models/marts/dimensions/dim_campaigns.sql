-- Versions of campaigns.
with versions as (
    {{ record_versions(
        ref('stg_campaigns'),
        ['campaign_id'],
        ['campaign_name', 'campaign_type', 'channel', 'starts_on', 'ends_on', 'is_randomised']
    ) }}
)

select
    campaign_id,
    campaign_name,
    campaign_type,
    channel,
    starts_on,
    ends_on,
    is_randomised,
    known_on,
    superseded_on
from versions
order by campaign_id, known_on
