"""Le tableau de la vie scolaire : maintenant, ce qui attend quelqu'un, et régler plusieurs absences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from ent_core.brique import (
    Contexte,
    EntreeMenu,
    Portee,
    Vignette,
    contexte_courant,
    exige,
    horloge_courante,
    nommer,
    peut,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from marshmallow import EXCLUDE, ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_carnet.modeles.communs import SUIVI
from ent_carnet.nomenclatures import EtatAbsence, Genre
from ent_carnet.permissions import APPEL, JOINDRE, TRAITER
from ent_carnet.regles.tableau import correspond, mots
from ent_carnet.schemas.absences import DECISIONS
from ent_carnet.schemas.tableau import (
    ChoixDuLot,
    ChoixDuTableau,
    Geste,
    LotAConfirmer,
    LotADefaire,
    VueTableau,
)
from ent_carnet.services import accueil_assistant, contacts, lot_absences, motifs, tableau
from ent_carnet.services import dossier_absences as dossiers
from ent_carnet.services.recherche import LIMITE, chercher
from ent_carnet.vues.lecture import lire_demande, lire_formulaire
from ent_carnet.vues.pages import pages

__all__ = ["menu", "tableau_de_la_vie_scolaire", "vignettes"]

_BREF, _ENTIER = 6, 200
"""Lignes d'une liste parmi les autres, ou seule."""
_LUES = 1000
"""Absences sans motif que l'on filtre ; on en montre ``lot_absences.MAXIMUM``."""


def menu(contexte: Contexte) -> Sequence[EntreeMenu]:
    """« Vie scolaire » : le tableau de qui suit les absences ; pour les autres, les présences.

    :param contexte: qui regarde.
    """
    if contexte.roles.isdisjoint(SUIVI) and TRAITER not in contexte.delegations:
        return (EntreeMenu("carnet.presences", "Vie scolaire", JOINDRE, ordre=90, icone="oeil"),)
    return (
        EntreeMenu(
            "carnet.tableau", "Vie scolaire", TRAITER, ordre=90, icone="oeil", section=("carnet.presences",)
        ),
    )


def vignettes(session: Session, contexte: Contexte, instant: datetime) -> Sequence[Vignette]:
    """« Vie scolaire maintenant », sur l'accueil du CPE, de la direction et de l'assistant d'éducation.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param instant: maintenant.
    """
    montree = tableau.vignette(session, contexte, instant) or accueil_assistant.vignette(
        session, contexte, instant
    )
    return () if montree is None else (montree,)


@pages.get("/tableau", endpoint="tableau")
@exige(TRAITER)
def tableau_de_la_vie_scolaire() -> str:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    choix, instant = lire_demande(ChoixDuTableau()), horloge_courante().maintenant()
    cherches, joint = mots(choix["q"]), peut(JOINDRE)
    lue = tableau.filtrer(tableau.situation(session, contexte, portee, instant, exclus=joint), cherches)
    return render_template(
        "carnet/tableau/tableau.html",
        **listes(lue, choix, instant, joint=joint),
        trouves=chercher(session, contexte, portee, cherches),
        limite=LIMITE,
        entier=portee is Portee.ETABLISSEMENT,
    )


def listes(
    lue: tableau.Situation, choix: Mapping[str, Any], instant: datetime, *, joint: bool
) -> dict[str, Any]:
    """Ce que montrent les listes, et les numéros des seules familles qui y paraissent.

    :param lue: situation, déjà filtrée.
    :param choix: la vue, et ce que l'on cherche.
    :param instant: maintenant.
    :param joint: avec les numéros.
    """
    vue, q = choix["vue"], choix["q"]
    court = _BREF if vue is VueTableau.TOUT and not q else _ENTIER
    montrees = lue.a_joindre[:court] if joint and vue in (VueTableau.TOUT, VueTableau.JOINDRE) else []
    return {
        "situation": lue, "vue": vue, "vues": VueTableau, "q": q, "court": court, "instant": instant,
        "appeler": peut(APPEL), "geste": lire_demande(Geste()),
        "numeros": contacts.a_appeler(
            session_courante(), contexte_courant(), (ligne.eleve.id for ligne in montrees)
        ),
    }  # fmt: skip


@pages.get("/tableau/ensemble")
@exige(TRAITER)
def ensemble_de_l_etablissement() -> str:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    dossiers.exiger_l_etablissement(portee_courante())
    return render_template(
        "carnet/tableau/ensemble.html",
        ensemble=tableau.ensemble(session, contexte, instant),
        instant=instant,
    )


@pages.get("/tableau/regler")
@exige(TRAITER)
def regler_des_absences() -> str:
    choix = lire_demande(ChoixDuLot())
    return _a_cocher(choix["genre"], choix["q"], tout=choix["tout"], fait=choix["fait"])


@pages.post("/tableau/regler")
@exige(TRAITER)
def apercevoir_ou_regler() -> Response | str | tuple[str, int]:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    cochees = request.form.getlist("absences")
    try:
        saisie = LotAConfirmer().load({**request.form.to_dict(), "absences": cochees}, unknown=EXCLUDE)
    except ValidationError as refus:
        genre = Genre.RETARD if request.form.get("genre") == Genre.RETARD else Genre.ABSENCE
        return _a_cocher(genre, cochees=cochees, erreurs=refus.messages_dict), 422
    choisies = lot_absences.a_traiter(session, contexte, portee, saisie["absences"])
    if not saisie["confirmer"]:
        return render_template(
            "carnet/tableau/apercu.html",
            choisies=choisies,
            laissees=len(set(saisie["absences"])) - len(choisies),
            noms=nommer(session, {absence.eleve_id for absence in choisies}),
            motif=motifs.par_id(session, contexte.uai, saisie["motif_id"]),
            saisie=saisie,
        )
    lot, nombre = lot_absences.traiter(
        session, contexte, horloge_courante(), choisies, motif_id=saisie["motif_id"],
        reglee=DECISIONS[saisie["decision"]],
    )  # fmt: skip
    if not nombre:
        flash("Rien n'est changé : ces absences ont été traitées entre-temps.", "info")
    return redirect(
        url_for(".regler_des_absences", genre=saisie["genre"].value, fait=lot.isoformat() if nombre else None)
    )


@pages.post("/tableau/regler/annuler")
@exige(TRAITER)
def annuler_le_lot() -> Response:
    session, contexte, saisie = session_courante(), contexte_courant(), lire_formulaire(LotADefaire())
    nombre = lot_absences.defaire(session, contexte, portee_courante(), horloge_courante(), saisie["lot"])
    flash(
        "Une absence attend de nouveau un motif." if nombre == 1
        else f"{nombre} absences attendent de nouveau un motif." if nombre
        else "Rien n'est changé : ces absences ont été traitées entre-temps.", "succes" if nombre else "info",
    )  # fmt: skip
    return redirect(url_for(".regler_des_absences"))


def _a_cocher(
    genre: Genre,
    q: str = "",
    *,
    tout: bool = False,
    fait: datetime | None = None,
    cochees: Collection[str] = (),
    erreurs: Mapping[str, object] | None = None,
) -> str:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    lues = dossiers.lister(session, contexte, portee, EtatAbsence.SANS_MOTIF, _LUES)
    cherches = mots(q)
    lignes = [
        ligne
        for ligne in lues
        if ligne.absence.genre == genre and correspond(cherches, f"{ligne.eleve.libelle} {ligne.division}")
    ]
    return render_template(
        "carnet/tableau/regler.html",
        lignes=lignes[: lot_absences.MAXIMUM],
        total=len(lignes),
        motifs=motifs.lister(session, contexte.uai, genre),
        genre=genre,
        q=q,
        tout=tout,
        cochees=set(cochees),
        erreurs=erreurs or {},
        fait=fait,
        restent=len(lot_absences.du_lot(session, contexte, portee, fait)) if fait else 0,
    )
