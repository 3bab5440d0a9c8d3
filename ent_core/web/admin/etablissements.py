"""Les établissements : la liste de l'académie, la fiche de chacun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from ent_core.chargement.decisions import Decision
from ent_core.identite import annees, etablissements
from ent_core.identite.etablissements import Effectifs
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import Introuvable
from ent_core.web.admin.pages import administration, lire, perimetre
from ent_core.web.admin.saisies import SaisieEtablissements
from ent_core.web.instance import Instance, instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige

__all__ = ["PAR_PAGE", "EtablissementAffiche", "afficher", "lister", "ouvertes"]

PAR_PAGE = 25
_COLONNES = {"nom": "Établissement", "ville": "Ville", "nature": "Nature", "uai": "Code UAI"}


@dataclass(frozen=True, slots=True)
class EtablissementAffiche:
    """Une ligne de la liste."""

    uai: str
    nom: str
    ville: str
    nature: str
    effectifs: Effectifs
    briques: tuple[str, ...]


@administration.get("/etablissements", endpoint="etablissements")
@exige("noyau.etablissements")
def liste_etablissements() -> str:
    filtre = lire(SaisieEtablissements())
    with perimetre("liste des établissements") as (session, _):
        lignes, suite = lister(session, filtre)
    return render_template(
        "admin/etablissements.html",
        filtre=filtre,
        lignes=lignes,
        suite=suite,
        colonnes=_colonnes(filtre),
        rang=(filtre["page"] - 1) * PAR_PAGE,
    )


@administration.get("/etablissements/<uai>")
@exige("noyau.etablissements")
def etablissement(uai: str) -> str:
    contexte = contexte_courant()
    with perimetre("fiche d'un établissement") as (session, _):
        fiche = session.get(Etablissement, uai)
        if fiche is None:
            raise Introuvable("cet établissement n'existe pas.", remede="le chercher dans la liste.")
        return render_template(
            "admin/etablissement.html",
            fiche=fiche,
            effectifs=etablissements.effectifs(session, [uai], contexte.jour, contexte.annee)[uai],
            annees=annees.annees(session, uai),
            periodes=annees.periodes(session, uai),
            briques=ouvertes(instance(), instance().activation.decisions(session, uai, contexte.jour)),
            en_attente=instance().activation.etat(session, uai, contexte.jour).en_attente,
            administre=instance().habilitations.autorise(contexte, "noyau.annees"),
        )


def lister(session: Session, filtre: Mapping[str, Any]) -> tuple[list[EtablissementAffiche], bool]:
    """Une page d'établissements, et s'il y en a d'autres après.

    :param session: session de l'académie.
    :param filtre: valeurs de ``SaisieEtablissements``.
    """
    trouves = etablissements.lister(
        session,
        filtre["q"],
        tri=filtre["tri"].lstrip("-"),
        descendant=filtre["tri"].startswith("-"),
        degre=filtre["degre"],
        limite=PAR_PAGE,
        page=filtre["page"],
    )
    return afficher(session, trouves[:PAR_PAGE]), len(trouves) > PAR_PAGE


def afficher(session: Session, trouves: Sequence[Etablissement]) -> list[EtablissementAffiche]:
    """Établissements, avec leurs effectifs et leurs briques.

    :param session: session de l'académie.
    :param trouves: établissements de la page.
    """
    ent, contexte = instance(), contexte_courant()
    uais = [e.uai for e in trouves]
    comptes = etablissements.effectifs(session, uais, contexte.jour, contexte.annee)
    decisions = ent.activation.decisions_de(session, uais, contexte.jour)
    return [
        EtablissementAffiche(
            uai=e.uai,
            nom=e.nom,
            ville=e.ville or "",
            nature=e.nature_libelle or "",
            effectifs=comptes[e.uai],
            briques=tuple(titre for titre, _ in ouvertes(ent, decisions[e.uai])),
        )
        for e in trouves
    ]


def ouvertes(ent: Instance, decisions: Mapping[str, Decision]) -> list[tuple[str, Decision]]:
    """Titre et décision de chaque brique ouverte.

    :param ent: instance.
    :param decisions: décisions en vigueur dans un établissement.
    """
    titres = {brique.id: brique.manifeste.titre for brique in ent.chargement.briques}
    return [(titres[nom], decisions[nom]) for nom in sorted(decisions) if decisions[nom].ouverte]


def _colonnes(filtre: dict[str, str]) -> list[dict[str, object]]:
    """Colonnes du tableau : un clic trie, un second clic inverse."""
    colonnes: list[dict[str, object]] = []
    for cle, libelle in _COLONNES.items():
        sens = {cle: "ascending", f"-{cle}": "descending"}.get(filtre["tri"], "")
        tri = f"-{cle}" if sens == "ascending" else cle
        adresse = url_for("admin.etablissements", q=filtre["q"], degre=filtre["degre"], tri=tri)
        colonnes.append(
            {"cle": cle, "libelle": libelle, "entete": cle == "nom", "tri": adresse, "sens": sens}
        )
    return [
        *colonnes,
        {"cle": "eleves", "libelle": "Élèves", "nombre": True},
        {"cle": "personnels", "libelle": "Personnels", "nombre": True},
        {"cle": "classes", "libelle": "Classes", "nombre": True},
        {"cle": "briques", "libelle": "Briques ouvertes"},
    ]
