{#-
    Versions of records (bitemporal tables).

    Records with one key are versions of one another, ordered by `recorded_at` (where empty: the day they became known),
    then known_on, source_file and source_row. A version is in force from its known_on until the day on which a later
    one became known (`superseded_on`); one that was overtaken on the day it arrived was never in force and is left out.

    `records` names a relation or CTE, `key` lists its key columns. With `content`, a version that repeats its
    predecessor in all these columns (a shop that sends its whole product list every day) is no new version.

    Only repeated keys pass through window functions: nearly all records have one version.
-#}
{% macro record_versions(records, key, content=none) -%}
    {%- set key_list = key | join(', ') -%}
    select * from (
        -- read once: a landing folder may hold a file for each day of years
        with records_read as materialized (
            select * from {{ records }}
        ),

        repeated_keys as (
            select {{ key_list }} from records_read group by {{ key_list }} having count(*) > 1
        ),

        ordered as (
            select
                *,
                min(known_on) over (
                    partition by {{ key_list }}
                    order by coalesce(recorded_at, cast(known_on as timestamp)), known_on, source_file, source_row
                    rows between 1 following and unbounded following
                ) as superseded_on
            from records_read semi join repeated_keys using ({{ key_list }})
        ),

        in_force as (
            select * from ordered where superseded_on is null or superseded_on > known_on
        ),
        {% if content %}
        compared as (
            select
                *,
                row({{ content | join(', ') }}) is not distinct from lag(row({{ content | join(', ') }})) over versions
                    and row_number() over versions > 1 as is_repetition
            from in_force
            window versions as (partition by {{ key_list }} order by known_on)
        ),

        distinct_versions as (
            select
                * exclude (superseded_on, is_repetition),
                lead(known_on) over (partition by {{ key_list }} order by known_on) as superseded_on
            from compared
            where not is_repetition
        )
        {% else %}
        distinct_versions as (select * from in_force)
        {% endif %}

        select *, cast(null as date) as superseded_on from records_read anti join repeated_keys using ({{ key_list }})
        union all by name
        select * from distinct_versions
    )
{%- endmacro %}

{#-
    True when the version `alias` was in force at the end of `day`. Written without OR: an outer join on an OR compares
    every row with every other (measured: minutes instead of a second).
-#}
{% macro in_force_on(alias, day) -%}
    ({{ alias }}.known_on <= {{ day }} and coalesce({{ alias }}.superseded_on, date '9999-12-31') > {{ day }})
{%- endmacro %}
