{#-
    Incremental strategy `replace_window`: delete what the window replaces, insert what the model computed, in the one
    transaction of the materialisation. A day that has become empty becomes empty (dbt's delete+insert would keep it).

    What is replaced is said by the model's meta:
      replaced_days: 'relation'   rows whose business_day is listed in that intermediate model
                                  (with replaced_scope: only its rows of that scope)
      replaced_window: 'column'   rows whose column lies in the run's window
      replaced_as_of: 'column'    rows whose column is a day that profiles are computed for
                                  (with thinned_out: of days long before those, only the last one of each month is kept)
-#}
{% macro get_incremental_replace_window_sql(arguments) -%}
    {%- set target_relation = arguments["target_relation"] -%}
    {%- set columns = arguments["dest_columns"] | map(attribute="quoted") | join(", ") -%}
    delete from {{ target_relation }} where {{ replaced_rows() }};
    {%- set meta = config.get("meta", {}) %}
    {%- if meta.get("thinned_out") %}
    delete from {{ target_relation }} where {{ outlived(meta["replaced_as_of"]) }};
    {%- endif %}
    insert into {{ target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments["temp_relation"] }};
{%- endmacro %}

{% macro replaced_rows() -%}
    {%- set meta = config.get("meta", {}) -%}
    {%- if meta.get("replaced_window") -%}
        {{ return(in_window(meta["replaced_window"])) }}
    {%- endif -%}
    {%- if meta.get("replaced_as_of") -%}
        {{ return("(" ~ meta["replaced_as_of"] ~ " >= " ~ as_of_start() ~ " and " ~ meta["replaced_as_of"] ~ " < " ~ as_of_end() ~ ")") }}
    {%- endif -%}
    {%- if not meta.get("replaced_days") -%}
        {{ exceptions.raise_compiler_error("Say in the meta of " ~ this ~ " what a window replaces: replaced_days, replaced_window or replaced_as_of.") }}
    {%- endif -%}
    {%- set days = ref(meta["replaced_days"]) -%}
    {%- do require_days_of_this_window(days) -%}
    {%- set scope = " where scope = '" ~ meta["replaced_scope"] ~ "'" if meta.get("replaced_scope") else "" -%}
    {{ return("business_day in (select business_day from " ~ days ~ scope ~ ")") }}
{%- endmacro %}

{#- Days more than COUNTINGHOUSE_PROFILE_DAYS before the run's own that end no month: their snapshots are not kept. -#}
{% macro outlived(column) -%}
    ({{ column }} < {{ as_of_start() }} - {{ profile_days() }} and {{ column }} <> last_day({{ column }}))
{%- endmacro %}

{#- A list of days left over from another window would replace the wrong days without a word. -#}
{% macro require_days_of_this_window(days) -%}
    {%- set found = run_query(
        "select count(*) from " ~ days ~ " where window_start <> " ~ window_start() ~ " or window_end <> " ~ window_end()
    ) -%}
    {%- if found.rows[0][0] > 0 -%}
        {{ exceptions.raise_compiler_error(days ~ " was built for another window; run it together with " ~ this ~ ".") }}
    {%- endif -%}
{%- endmacro %}

{#-
    The table of a model as earlier runs left it, or none on the first run. Unlike ref() this is no dependency: a list of
    affected days may look at what the models after it hold.
-#}
{% macro earlier_rows(schema, identifier) -%}
    {%- if not execute -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(adapter.get_relation(database=target.database, schema=schema, identifier=identifier)) }}
{%- endmacro %}
