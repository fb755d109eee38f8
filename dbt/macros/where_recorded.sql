{#- The last columns of every staging model: where and when the record came from. -#}
{% macro where_recorded() -%}
        cast(known_on as date) as known_on,
        cast(recorded_at as timestamp) as recorded_at,
        cast(source_file as varchar) as source_file,
        cast(source_row as bigint) as source_row
{%- endmacro %}
