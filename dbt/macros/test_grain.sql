{#-
    Generic data tests on the grain. With `days` (a relation with business_day, and `scope`), only the days the run replaced
    are looked at: the others were when they were written.
-#}

{#- The columns that make a row unique. -#}
{% test unique_grain(model, columns) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{#- The versions of a key follow one another: no two from one day, none that outlives the next, none that ends before it begins. -#}
{% test versions_follow_one_another(model, key, days=none, scope=none) %}
select *
from (
    select
        {{ key | join(', ') }},
        known_on,
        superseded_on,
        lead(known_on) over (partition by {{ key | join(', ') }} order by known_on) as next_known_on
    from {{ model }}
    {%- if days %}
    where business_day in (select business_day from {{ days }}{{ " where scope = '" ~ scope ~ "'" if scope }})
    {%- endif %}
)
where superseded_on <= known_on or coalesce(superseded_on, date '9999-12-31') > next_known_on
{% endtest %}
