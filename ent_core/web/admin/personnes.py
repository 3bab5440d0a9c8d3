"""Les personnes : chercher, ouvrir une fiche."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import render_template, request
from sqlalchemy.orm import Session

from ent_core.contrat.roles import LIBELLES_PROFILS, LIBELLES_ROLES
from ent_core.identite import annuaire, etablissements
from ent_core.identite.annuaire import PageResultats
from ent_core.identite.fiches import fiche
from ent_core.roles import locaux
from ent_core.web.admin.pages import administration, lire, perimetre
from ent_core.web.admin.saisies import SaisieRecherche
from ent_core.web.federation.liens_affiches import liens_affiches
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige

__all__ = ["page_personne", "rechercher"]


@administration.app_template_filter("profil_en_clair")
def profil_en_clair(profil: str) -> str:
    """« Enseignant » pour ``National_ENS``.

    :param profil: profil national.
    """
    return LIBELLES_PROFILS.get(profil, profil)


@administration.get("/personnes", endpoint="personnes")
@exige("noyau.personnes")
def chercher_personnes() -> str:
    filtre, contexte = lire(SaisieRecherche()), contexte_courant()
    with perimetre("chercher une personne") as (session, uai):
        ecole = uai or filtre["uai"]
        resultats = rechercher(session, ecole, filtre)
        divisions = etablissements.divisions(session, ecole, contexte.annee) if ecole else []
        return render_template(
            "admin/personnes.html",
            filtre=filtre,
            resultats=resultats,
            academie=uai is None,
            ecoles=etablissements.tous(session) if uai is None else [],
            divisions_choix=[(d.id, d.libelle) for d in divisions],
            profils=LIBELLES_PROFILS,
            gere_les_comptes=instance().habilitations.autorise(contexte, "noyau.comptes"),
        )


def rechercher(session: Session, uai: str | None, filtre: Mapping[str, Any]) -> PageResultats:
    """Une page de la recherche demandée.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement ; ``None`` pour toute l'académie.
    :param filtre: valeurs de ``SaisieRecherche``.
    """
    contexte = contexte_courant()
    criteres = {nom: filtre[nom] for nom in ("profil", "division", "page")}
    return annuaire.chercher(
        session, filtre["q"], uai=uai, jour=contexte.jour, annee=contexte.annee, **criteres
    )


@administration.get("/personnes/<uuid:personne_id>")
@exige("noyau.personnes")
def personne(personne_id: UUID) -> str:
    return page_personne(personne_id, {})


def page_personne(
    personne_id: UUID,
    erreurs: Mapping[str, str],
    formulaire: str = "",
    saisie: Mapping[str, str] | None = None,
) -> str:
    """La fiche, et ce qui a été refusé s'il y a lieu.

    :param personne_id: personne.
    :param erreurs: un message par champ.
    :param formulaire: formulaire refusé.
    :param saisie: ce qui avait été saisi.
    """
    contexte, droits = contexte_courant(), instance().habilitations
    with perimetre("fiche d'une personne") as (session, uai):
        vue = fiche(session, uai, personne_id, jour=contexte.jour, annee=contexte.annee)
        return render_template(
            "admin/personne.html",
            fiche=vue,
            responsables_choix=[(lien.id, f"{lien.prenom} {lien.nom}".strip()) for lien in vue.responsables],
            roles=locaux.lister(session, personne_id, uai, contexte.jour),
            attribuables=[(role.value, LIBELLES_ROLES[role]) for role in locaux.attribuables(contexte)],
            ecoles=etablissements.tous(session) if uai is None else [],
            gere_les_comptes=droits.autorise(contexte, "noyau.comptes"),
            liens=liens_affiches(session, personne_id),
            lit_le_journal=droits.autorise(contexte, "noyau.journal"),
            assiste=instance().configuration.support.actif and droits.autorise(contexte, "noyau.support"),
            libelles_roles=LIBELLES_ROLES,
            erreurs=erreurs,
            formulaire_refuse=formulaire,
            saisie=saisie or {},
            fait=request.args.get("fait", ""),
        )
