import pandas as pd

from fastflowtransform import model


@model(name="py_constants", tags=["python"])
def py_constants():
    return pd.DataFrame([{"name": "answer", "value": 42}, {"name": "dozen", "value": 12}])
