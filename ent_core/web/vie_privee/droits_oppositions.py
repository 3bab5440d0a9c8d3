"""Les oppositions en vigueur : qui, à quoi, depuis quand ; imprimer la feuille, saisir le retour, lever."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.contrat.papier import FormulairePapier
from ent_core.identite.lectures import nommer
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.droits import oppositions as service
from ent_core.web.admin.pages import de_l_academie
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete, session_courante
from ent_core.web.routes import exige
from ent_core.web.vie_privee.droits_communs import academie

__all__ = ["oppositions"]

oppositions = Blueprint("vie_privee_oppositions", __name__, url_prefix="/vie-privee/oppositions")
"""Pages des oppositions et de la voie papier."""

PERMISSION = "noyau.oppositions"


@oppositions.get("/", endpoint="liste")
@exige(PERMISSION)
def page_liste() -> str:
    registre = instance().registre
    with academie("voir les oppositions en vigueur") as session:
        lues = service.en_vigueur_dans(session, None if de_l_academie() else contexte_courant().uai)
        noms = nommer(session, {o.personne_id for o in lues})
    return render_template(
        "vie_privee/oppositions.html", lues=lues, noms=noms, traitements=registre.traitements,
        academie=de_l_academie(), ici=contexte_courant().uai, avec_feuille=_avec_feuille(),
        leve=instance().habilitations.autorise(contexte_courant(), "noyau.droits"),
    )  # fmt: skip


@oppositions.get("/<traitement>/<uuid:personne_id>", endpoint="feuille")
@exige(PERMISSION)
def page_feuille(traitement: str, personne_id: UUID) -> str:
    """La feuille vierge, avec ce qu'il faut pour la rapprocher de la personne."""
    session, contexte = session_courante(), contexte_courant()
    if personne_id not in service.opposees(session, traitement, {personne_id}):
        raise Introuvable("cette personne ne s'y oppose pas ici.", remede="revenir à la liste.")
    nom = nommer(session, [personne_id]).get(personne_id)
    feuille: FormulairePapier | None = None
    brique = traitement.partition(".")[0]
    for celle, rendue, erreur in instance().relais.demander(
        "ent_formulaire_papier", contexte.briques & {brique}, session=session, contexte=contexte,
        traitement=traitement, personne_id=personne_id,
    ):  # fmt: skip
        if celle.id == brique and erreur is None and isinstance(rendue, FormulairePapier):
            feuille = rendue
    if feuille is None or nom is None:
        raise Introuvable("cette brique ne donne pas de feuille.", remede="la demander à son service.")
    requete().base.commit()
    return render_template(
        "vie_privee/feuille_papier.html", feuille=feuille, nom=nom,
        repere=f"{traitement}, {personne_id.hex[-6:].upper()}",
        titre_traitement=instance().registre.traitements[traitement].intitule,
    )  # fmt: skip


@oppositions.post("/<uai>/<uuid:opposition_id>/lever")
@exige("noyau.droits")
def lever(uai: str, opposition_id: UUID) -> ReponseWerkzeug:
    if not de_l_academie() and uai != contexte_courant().uai:
        raise Introuvable("cette opposition n'est pas en vigueur ici.", remede="rafraîchir la page.")
    with academie("lever une opposition") as session:
        service.lever(session, instance().horloge, opposition_id, uai=uai, par=contexte_courant().personne_id)
    flash("L'opposition est levée.", "succes")
    return redirect(url_for("vie_privee_oppositions.liste"))


def _avec_feuille() -> frozenset[str]:
    """Traitements dont une brique ouverte ici donne une feuille."""
    ent, ouvertes = instance(), contexte_courant().briques | {"noyau"}
    return frozenset(
        cle
        for cle, traitement in ent.registre.traitements.items()
        if traitement.opposition is not None
        and traitement.opposition.papier
        and (brique := cle.partition(".")[0]) in ouvertes
        and ent.relais.implante("ent_formulaire_papier", brique)
    )
