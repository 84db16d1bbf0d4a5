"""A bare Flask application: the baseline that the site is compared with."""

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

app = Flask(__name__)
PAGE = "<!doctype html><title>A page</title>" + "<p>Six kilobytes of nothing.</p>" * 190


@app.get("/")
def page() -> str:
    """Return a fixed page of 6 kB."""
    return PAGE


@app.post("/")
def parse() -> Response:
    """Parse a form and redirect, as signing does."""
    request.form.to_dict()
    return redirect("/done", 303)
