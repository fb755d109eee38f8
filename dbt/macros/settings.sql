{#-
    The run's facts come from environment variables and are read when a model runs, not when the project is parsed:
    so another window costs no second parse, and `dbt parse` works without any of them.
-#}
{% macro run_setting(name, parse_value, default=none) -%}
    {%- if not execute -%}
        {{ return(parse_value) }}
    {%- endif -%}
    {%- set value = env_var(name, '' if default is none else default) | trim -%}
    {%- if value == '' -%}
        {{ exceptions.raise_compiler_error("Set the environment variable " ~ name ~ " before running models.") }}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}

{#- First day of the window [start, end) of known_on days that this run computes. -#}
{% macro window_start() -%}
    date '{{ run_setting("COUNTINGHOUSE_WINDOW_START", "2000-01-01") }}'
{%- endmacro %}

{#- First day after the window. -#}
{% macro window_end() -%}
    date '{{ run_setting("COUNTINGHOUSE_WINDOW_END", "2000-01-01") }}'
{%- endmacro %}

{#- First day for which profiles are computed; the window's own first day where nothing else is set. -#}
{% macro as_of_start() -%}
    {%- set window = env_var("COUNTINGHOUSE_WINDOW_START", "") if execute else "" -%}
    date '{{ run_setting("COUNTINGHOUSE_AS_OF_START", "2000-01-01", window) }}'
{%- endmacro %}

{#- First day after those for which profiles are computed. -#}
{% macro as_of_end() -%}
    {%- set window = env_var("COUNTINGHOUSE_WINDOW_END", "") if execute else "" -%}
    date '{{ run_setting("COUNTINGHOUSE_AS_OF_END", "2000-01-01", window) }}'
{%- endmacro %}

{#- True when `column` lies in the window. -#}
{% macro in_window(column) -%}
    ({{ column }} >= {{ window_start() }} and {{ column }} < {{ window_end() }})
{%- endmacro %}

{#-
    True for rows of landed files of the window, by the day in their name (known_on=2024-03-01.parquet): DuckDB then opens
    no other file. A folder holds a file for each day of years, and opening 700 of them takes over a second.
-#}
{% macro landed_in_window() -%}
    {%- if execute and load_cached_relation(this) is not none and load_cached_relation(this).is_view -%}
        {{ exceptions.raise_compiler_error(this ~ " is a view from an older layout and holds no history: remove the warehouse and build all days again.") }}
    {%- endif -%}
    (filename[-18:-9] >= strftime({{ window_start() }}, '%Y-%m-%d') and filename[-18:-9] < strftime({{ window_end() }}, '%Y-%m-%d'))
{%- endmacro %}

{#- Whether the shop hands in order lines (true) or only daily sales (false). -#}
{% macro has_order_lines() -%}
    {%- set value = run_setting("COUNTINGHOUSE_HAS_ORDER_LINES", "true", "true") | lower -%}
    {%- if value not in ["true", "false"] -%}
        {{ exceptions.raise_compiler_error("Expected COUNTINGHOUSE_HAS_ORDER_LINES to be true or false, found " ~ value ~ ".") }}
    {%- endif -%}
    {{ return(value == "true") }}
{%- endmacro %}

{#- Unit cost as a share of the price where a product carries no cost. -#}
{% macro cost_share() -%}
    cast({{ run_setting("COUNTINGHOUSE_COST_SHARE", "0.6", "0.6") }} as double)
{%- endmacro %}

{#- Days after a coupon was given in which its effect is counted. -#}
{% macro outcome_window_days() -%}
    cast({{ run_setting("COUNTINGHOUSE_OUTCOME_WINDOW_DAYS", "28", "28") }} as integer)
{%- endmacro %}

{#- Days for which daily snapshots of customers are kept; of older ones the last day of each month is. -#}
{% macro profile_days() -%}
    cast({{ run_setting("COUNTINGHOUSE_PROFILE_DAYS", "92", "92") }} as integer)
{%- endmacro %}
