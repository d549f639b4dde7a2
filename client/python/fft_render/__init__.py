"""Renders the Jinja templates of FastFlowTransform projects: see __main__.py for what is asked and answered."""
