"""Les lettres d'activation : un code neuf par personne, montré une seule fois, à imprimer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.contrat.roles import LIBELLES_PROFILS
from ent_core.identite import etablissements
from ent_core.identite.codes import DUREE_CODE, FicheActivation, emettre_codes
from ent_core.identite.comptes import creer_comptes_manquants
from ent_core.identite.courrier import expediteur
from ent_core.identite.lettres import lettres_pdf
from ent_core.identite.modeles import Division, Etablissement
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.publication.reponses import lire as lire_reponses
from ent_core.web.admin.pages import ReponsePage, administration, ecole, traiter
from ent_core.web.admin.saisies import SaisieCodes
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige

__all__ = ["rendre_lettres"]


@administration.get("/codes", endpoint="codes")
@exige("noyau.comptes")
def preparer_codes() -> str:
    return _page(request.args.get("uai"), {})


@administration.post("/codes")
@exige("noyau.comptes", reauthentification=True)
def lettres() -> ReponsePage:
    return traiter(SaisieCodes(), _emettre, lambda erreurs: _page(request.form.get("uai"), erreurs))


def _emettre(saisie: dict[str, Any]) -> ReponsePage:
    ent, contexte = instance(), contexte_courant()
    with ecole("préparer des lettres d'activation", saisie["uai"]) as (session, ici):
        division = None
        if saisie["division"]:
            division = session.get_one(Division, (ici, contexte.annee, saisie["division"])).libelle
        creer_comptes_manquants(session, ent.horloge, ici)
        fiches = list(
            emettre_codes(
                session,
                ent.horloge,
                ent.coffre,
                ici,
                division=saisie["division"],
                profil=saisie["profil"],
                acteur=contexte.personne_id,
            )
        )
        if not fiches:
            raise OperationRefusee(
                "personne ici n'attend de code : tous ces comptes sont déjà actifs ou suspendus.",
                remede="choisir une autre classe, ou donner un nouveau code depuis la fiche d'une personne.",
            )
        profil = LIBELLES_PROFILS[saisie["profil"]] if saisie["profil"] else ""
        pour = ", ".join(filter(None, (division, profil)))
        # Composées avant la fin de l'acte : si la composition échoue, aucun code n'est remplacé.
        return rendre_lettres(session, ici, fiches, pour=pour, forme=saisie["forme"])


def rendre_lettres(
    session: Session, uai: str, fiches: Sequence[FicheActivation], *, pour: str, forme: str
) -> ReponsePage:
    """Les lettres, en PDF ou à l'écran ; elles ne se montrent qu'une fois.

    :param session: session de l'établissement.
    :param uai: établissement qui les remet.
    :param fiches: ce qui vient d'être émis.
    :param pour: classe ou profil.
    :param forme: ``pdf`` ou ``ecran``.
    """
    ent, contexte = instance(), contexte_courant()
    if forme != "pdf":
        return render_template(
            "admin/lettres.html",
            lettres=fiches,
            etablissement=session.get(Etablissement, uai),
            pour=pour,
            annuaire=ent.habilitations.autorise(contexte, "noyau.personnes"),
        )
    reponses = lire_reponses(session, uai, contexte.jour, contexte.annee)
    document = lettres_pdf(
        fiches,
        expediteur(session, uai),
        produit=ent.configuration.produit,
        adresse=ent.configuration.courriel.adresse_ent or request.url_root,
        pour=pour,
        delegue=", ".join(filter(None, (reponses.delegue, reponses.delegue_contact))),
    )
    entetes = {"Content-Disposition": 'attachment; filename="lettres-activation.pdf"'}
    return Response(document, mimetype="application/pdf", headers=entetes)


def _page(uai: str | None, erreurs: dict[str, str]) -> str:
    contexte = contexte_courant()
    with ecole("choisir des lettres d'activation", uai or None) as (session, ici):
        return render_template(
            "admin/codes.html",
            etablissement=session.get_one(Etablissement, ici),
            divisions_choix=[
                (d.id, d.libelle) for d in etablissements.divisions(session, ici, contexte.annee)
            ],
            profils=LIBELLES_PROFILS,
            jours_validite=DUREE_CODE.days,
            erreurs=erreurs,
            saisie=request.form,
        )
