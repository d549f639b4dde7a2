{{ config(materialized='table', tags=['mart']) }}
select u.user_id, u.email, count(o.order_id) as orders, coalesce(sum(o.amount), 0) as amount
from {{ ref('stg_users.ff') }} u
left join {{ ref('stg_orders.ff') }} o on o.user_id = u.user_id
group by u.user_id, u.email
having count(o.order_id) >= {{ var('min_orders', 0) }}
