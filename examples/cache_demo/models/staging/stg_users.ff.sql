{{ config(materialized='table', tags=['staging']) }}
select id as user_id, lower(email) as email
from {{ source('crm', 'users') }};
