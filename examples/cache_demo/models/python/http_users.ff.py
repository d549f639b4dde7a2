import os

from fastflowtransform import model
from fastflowtransform.api import http


@model(name="http_users", deps=["stg_users.ff"], require=["user_id"], tags=["python", "http"])
def http_users(users):
    """What a service on the net knows of our users."""
    url = os.environ.get("FF_DEMO_URL", "http://127.0.0.1:8377") + "/users"
    known = http.get_df(url, record_path="users")
    return users.merge(known, left_on="user_id", right_on="id", how="left")[["user_id", "email", "username", "city"]]
