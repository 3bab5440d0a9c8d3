"""Les punitions proposées : les déposer, les suivre ; y répondre."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import (
    Contexte,
    EntreeMenu,
    ErreurEnt,
    contexte_courant,
    exige,
    horloge_courante,
    nommer,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_carnet import libelles
from ent_carnet.nomenclatures import EtatProposition
from ent_carnet.permissions import PROPOSER, REPONDRE
from ent_carnet.schemas.discipline import PropositionAcceptee, PropositionRefusee, PropositionSaisie
from ent_carnet.services import propositions
from ent_carnet.vues.choix_eleve import choisir
from ent_carnet.vues.discipline import onglets_discipline
from ent_carnet.vues.formulaires import lire, tenter
from ent_carnet.vues.pages import pages

__all__ = ["MENU", "mes_propositions", "proposer_une_punition", "propositions_recues", "une_proposition"]

MENU = (EntreeMenu("carnet.mes_propositions", "Propositions", PROPOSER, ordre=140, icone="carnet"),)


@pages.get("/propositions")
@exige(PROPOSER)
def mes_propositions() -> str:
    return _miennes(None)


@pages.get("/propositions/nouvelle")
@exige(PROPOSER)
def nouvelle_proposition() -> str:
    return _formulaire({}, None)


@pages.post("/propositions/nouvelle")
@exige(PROPOSER)
def proposer_une_punition() -> Response | tuple[str, int]:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    donnees, erreurs = lire(PropositionSaisie())
    refus = None
    if not erreurs:
        eleve, horloge = donnees.pop("eleve"), horloge_courante()
        refus = tenter(
            lambda: propositions.proposer(session, contexte, portee, horloge, eleve_id=eleve, **donnees)
        )
    if erreurs or refus:
        return _formulaire(erreurs, refus), 422
    flash("La proposition est déposée. La vie scolaire vous répondra ici.", "succes")
    return redirect(url_for(".mes_propositions"))


@pages.post("/propositions/<uuid:proposition_id>/retirer")
@exige(PROPOSER)
def retirer_une_proposition(proposition_id: UUID) -> Response | tuple[str, int]:
    session, contexte, horloge = session_courante(), contexte_courant(), horloge_courante()
    refus = tenter(lambda: propositions.retirer(session, contexte, horloge, proposition_id))
    return (_miennes(refus), 409) if refus else redirect(url_for(".mes_propositions", retiree=proposition_id))


@pages.post("/propositions/<uuid:proposition_id>/remettre")
@exige(PROPOSER)
def remettre_une_proposition(proposition_id: UUID) -> Response | tuple[str, int]:
    session, contexte, horloge = session_courante(), contexte_courant(), horloge_courante()
    refus = tenter(lambda: propositions.remettre(session, contexte, horloge, proposition_id))
    return (_miennes(refus), 409) if refus else redirect(url_for(".mes_propositions"))


@pages.get("/propositions/recues")
@exige(REPONDRE)
def propositions_recues() -> str:
    return render_template(
        "carnet/propositions/liste.html",
        propositions=propositions.recues(session_courante(), contexte_courant()),
        onglets=onglets_discipline("propositions_recues"), libelles=libelles, miennes=False,
    )  # fmt: skip


@pages.get("/propositions/<uuid:proposition_id>")
@exige(REPONDRE)
def une_proposition(proposition_id: UUID) -> str:
    return _page(proposition_id, {}, None)


@pages.post("/propositions/<uuid:proposition_id>/accepter")
@exige(REPONDRE)
def accepter_une_proposition(proposition_id: UUID) -> Response | tuple[str, int]:
    session, contexte, portee, horloge = _ici()
    schema = PropositionAcceptee()
    donnees, erreurs = lire(schema)
    refus = None
    if not erreurs:
        saisie, mot = schema.saisie(donnees), donnees["reponse"]
        refus = tenter(
            lambda: propositions.accepter(session, contexte, portee, horloge, proposition_id, saisie, mot)
        )
    if erreurs or refus:
        return _page(proposition_id, erreurs, refus), 422
    flash("La punition est donnée. La famille la lira après votre délai de correction.", "succes")
    return redirect(url_for(".propositions_recues"))


@pages.post("/propositions/<uuid:proposition_id>/refuser")
@exige(REPONDRE)
def refuser_une_proposition(proposition_id: UUID) -> Response | tuple[str, int]:
    session, contexte, portee, horloge = _ici()
    donnees, erreurs = lire(PropositionRefusee())
    refus = None
    if not erreurs:
        mot = donnees["reponse"]
        refus = tenter(lambda: propositions.refuser(session, contexte, portee, horloge, proposition_id, mot))
    if erreurs or refus:
        return _page(proposition_id, {f"refus-{champ}": dit for champ, dit in erreurs.items()}, refus), 422
    flash("La proposition est refusée. Son auteur lit votre mot ; la famille n'en sait rien.", "succes")
    return redirect(url_for(".propositions_recues"))


def _ici() -> tuple[Any, Contexte, Any, Any]:
    return session_courante(), contexte_courant(), portee_courante(), horloge_courante()


def _miennes(refus: ErreurEnt | None) -> str:
    siennes = propositions.miennes(session_courante(), contexte_courant())
    voulue = request.args.get("retiree", type=UUID)
    retiree = next((p.id for p in siennes if p.id == voulue and p.etat is EtatProposition.RETIREE), None)
    return render_template(
        "carnet/propositions/liste.html",
        propositions=siennes, libelles=libelles, miennes=True, refus=refus, retiree=retiree,
    )  # fmt: skip


def _formulaire(erreurs: dict[str, str], refus: ErreurEnt | None) -> str:
    return render_template(
        "carnet/propositions/nouvelle.html",
        **choisir().champs, saisie=request.form, erreurs=erreurs, refus=refus, libelles=libelles,
        jour=contexte_courant().jour,
    )  # fmt: skip


def _page(proposition_id: UUID, erreurs: dict[str, str], refus: ErreurEnt | None) -> str:
    session, contexte = session_courante(), contexte_courant()
    lue = propositions.trouver(session, contexte, portee_courante(), proposition_id)
    qui = (lue.eleve_id, lue.auteur_id, lue.repondue_par)
    champs = {"nature": lue.nature, "motif": lue.motif, "jour": lue.jour, "circonstances": lue.circonstances}
    return render_template(
        "carnet/propositions/proposition.html",
        proposition=lue, noms=nommer(session, [un for un in qui if un]),
        saisie=request.form or champs, erreurs=erreurs, refus=refus, libelles=libelles, jour=contexte.jour,
    )  # fmt: skip
