"""Ce que les briques font des données, soumis au chef d'établissement : lire, accepter, refuser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.identite.lectures import nommer
from ent_core.vie_privee.acceptation.services import Soumission
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, session_courante
from ent_core.web.routes import exige

__all__ = ["acceptation"]

acceptation = Blueprint("vie_privee_acceptation", __name__, url_prefix="/vie-privee/acceptations")
"""Pages d'acceptation."""


@dataclass(frozen=True, slots=True)
class SoumissionAffichee:
    """Une brique ouverte, et ce qu'elle demande."""

    titre: str
    soumission: Soumission
    elargies: tuple[tuple[str, tuple[str, ...]], ...]
    autres: tuple[tuple[str, tuple[str, ...]], ...]


@acceptation.get("/")
@exige("noyau.acceptation")
def soumissions() -> str:
    session, contexte = session_courante(), contexte_courant()
    acceptations = instance().activation.acceptations
    ouvertes = contexte.briques | contexte.suspendues | contexte.en_attente
    lues = acceptations.soumissions(session, contexte.uai, ouvertes)
    histoire = acceptations.histoire(session, contexte.uai)
    return render_template(
        "vie_privee/acceptations.html",
        a_accepter=[_affichee(s) for s in lues if s.suspendue],
        en_regle=[_affichee(s) for s in lues if not s.suspendue],
        histoire=histoire,
        titres=_titres(),
        noms=nommer(session, {r.decidee_par for r in histoire if r.decidee_par}),
    )


@acceptation.post("/<brique>/accepter")
@exige("noyau.acceptation")
def accepter(brique: str) -> Response:
    _repondre(instance().activation.acceptations.accepter, brique)
    flash("C'est accepté : la brique est de nouveau ouverte.", "succes")
    return redirect(url_for("vie_privee_acceptation.soumissions"))


@acceptation.post("/<brique>/refuser")
@exige("noyau.acceptation")
def refuser(brique: str) -> Response:
    _repondre(instance().activation.acceptations.refuser, brique)
    flash("C'est refusé : la brique reste suspendue. Ses données demeurent, et leurs durées courent.", "info")
    return redirect(url_for("vie_privee_acceptation.soumissions"))


def _repondre(repondre: Callable[..., None], brique: str) -> None:
    contexte = contexte_courant()
    lue = request.form.get("empreinte", "")
    repondre(session_courante(), instance().horloge, brique, contexte.uai, lue, par=contexte.personne_id)


def _titres() -> dict[str, str]:
    return {b.id: b.manifeste.titre for b in instance().chargement.briques}


def _affichee(s: Soumission) -> SoumissionAffichee:
    return SoumissionAffichee(
        _titres()[s.brique], s, _par_traitement(s, elargit=True), _par_traitement(s, elargit=False)
    )


def _par_traitement(s: Soumission, *, elargit: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Ce qui change, traitement par traitement, sous le nom que les familles lisent."""
    traitements = instance().registre.traitements
    rangees: dict[str, list[str]] = {}
    for changement in s.changements:
        if changement.elargit is elargit:
            connu = traitements.get(changement.traitement)
            rangees.setdefault(connu.intitule if connu else "La brique", []).append(changement.phrase)
    return tuple((intitule, tuple(phrases)) for intitule, phrases in rangees.items())
