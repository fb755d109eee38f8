{#- The list price in force on `day`, from a row of int_list_prices: the promotional one where it still runs, else the regular. -#}
{% macro list_price(alias, day) -%}
    coalesce({{ promotional_list_price(alias, day) }}, {{ regular_list_price(alias, day) }})
{%- endmacro %}

{% macro regular_list_price(alias, day) -%}
    case when {{ alias }}.regular_valid_to is null or {{ alias }}.regular_valid_to >= {{ day }} then {{ alias }}.regular_price end
{%- endmacro %}

{% macro promotional_list_price(alias, day) -%}
    case when {{ alias }}.promotion_valid_to is null or {{ alias }}.promotion_valid_to >= {{ day }} then {{ alias }}.promotion_price end
{%- endmacro %}
