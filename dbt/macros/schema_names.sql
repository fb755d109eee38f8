{#- A model's schema is the room it belongs to (staging, intermediate, marts), without a prefix of the target. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
