"""La galerie des composants, en développement et en démonstration seulement."""

from __future__ import annotations

from flask import abort, render_template

from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.routes import public

__all__: list[str] = []


@portail.get("/ui")
@public("exemples de composants, sans donnée ; absente en production")
def composants() -> str:
    if not instance().configuration.demo:
        abort(404)
    return render_template("ui.html")
