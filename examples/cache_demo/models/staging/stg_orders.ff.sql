{{ config(materialized='view', tags=['staging']) }}
select order_id, user_id, amount
from {{ ref('seed_orders') }}
