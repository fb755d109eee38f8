-- Versions of customers, by pseudonym. A customer who orders before the shop has described them gets a placeholder row;
-- their consent is assumed, as the input contract says.
with described as (
    {{ record_versions(
        ref('stg_customers'),
        ['customer_key'],
        ['acquired_on', 'region', 'acquisition_channel', 'customer_group', 'email_consent']
    ) }}
),

mentions as (
    select customer_key, known_on from {{ ref('fct_order_lines') }}
    union all
    select customer_key, known_on from {{ ref('fct_coupon_assignments') }}
),

first_mentions as (
    select customer_key, min(known_on) as known_on from mentions where customer_key is not null group by customer_key
),

first_descriptions as (
    select customer_key, min(known_on) as described_on from described group by customer_key
),

placeholders as (
    select first_mentions.customer_key, first_mentions.known_on, first_descriptions.described_on as superseded_on
    from first_mentions
    left join first_descriptions using (customer_key)
    where first_descriptions.described_on is null or first_descriptions.described_on > first_mentions.known_on
),

customers as (
    select *, false as is_placeholder from described
    union all by name
    select *, true as is_placeholder from placeholders
)

select
    customer_key,
    acquired_on,
    region,
    acquisition_channel,
    customer_group,
    coalesce(email_consent, true) as email_consent,
    is_placeholder,
    known_on,
    superseded_on
from customers
order by customer_key, known_on
