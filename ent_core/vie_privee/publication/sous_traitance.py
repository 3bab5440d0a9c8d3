"""Le registre du sous-traitant (RGPD, article 30.2) : ce que l'académie traite pour chaque responsable.

Il se tire des mêmes déclarations et des mêmes réponses que celui des responsables : ils disent la même chose.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.identite.modeles import Etablissement
from ent_core.identite.tableur.texte import proteger
from ent_core.vie_privee.publication.assemblage import RegistrePublie, traitements_de
from ent_core.vie_privee.publication.fiche import Cadre
from ent_core.vie_privee.publication.modeles import ReponseRegistre
from ent_core.vie_privee.registre import Registre

__all__ = [
    "FORMATS_SOUS_TRAITANT",
    "CategorieTraitee",
    "RegistreSousTraitant",
    "ResponsableServi",
    "rediger_sous_traitant",
]


@dataclass(frozen=True, slots=True)
class CategorieTraitee:
    """Une catégorie de traitements faits pour d'autres : ceux d'une brique.

    :param mesures: mesures techniques et d'organisation (article 32.1).
    """

    brique: str
    titre: str
    traitements: tuple[str, ...]
    donnees: tuple[str, ...]
    mesures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResponsableServi:
    """Un responsable de traitement, et ce qui est traité pour lui.

    :param briques: catégories qui le concernent.
    """

    uai: str
    responsable: str
    contact: str
    delegue: str
    briques: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegistreSousTraitant:
    """Le registre de l'académie, ou de son hébergeur, comme sous-traitant.

    :param delegue: délégué de l'académie, ou vide, à compléter.
    """

    sous_traitant: str
    produit: str
    jour: date
    delegue: tuple[str, ...]
    ulterieurs: tuple[str, ...]
    transferts: tuple[str, ...]
    categories: tuple[CategorieTraitee, ...]
    responsables: tuple[ResponsableServi, ...]


def rediger_sous_traitant(
    session: Session, registre: Registre, academie: RegistrePublie, cadre: Cadre,
    ouvertes: Mapping[str, frozenset[str]],
) -> RegistreSousTraitant:  # fmt: skip
    """Rédige le registre du sous-traitant.

    :param session: session de l'académie.
    :param registre: déclarations de l'instance.
    :param academie: registre de l'académie, avec ses réponses.
    :param cadre: ce que l'instance sait d'elle-même.
    :param ouvertes: établissement → briques qui y sont ouvertes.
    """
    locales = {
        r.uai: r
        for r in session.scalars(
            select(ReponseRegistre).where(
                ReponseRegistre.uai.is_not(None), ReponseRegistre.remplacee_le.is_(None)
            )
        )
    }
    commun = academie.fiches[0]
    ecoles = session.scalars(
        select(Etablissement)
        .where(Etablissement.degre > 0, Etablissement.ferme_le.is_(None))
        .order_by(Etablissement.uai)
    )
    return RegistreSousTraitant(
        sous_traitant=academie.academie,
        produit=academie.produit,
        jour=academie.jour,
        delegue=commun["delegue"].valeurs,
        ulterieurs=commun["sous_traitants"].valeurs,
        transferts=commun["transferts"].valeurs,
        categories=tuple(_categories(academie)),
        responsables=tuple(
            _responsable(ecole, locales.get(ecole.uai), commun["delegue"].valeurs, registre, cadre,
                         ouvertes.get(ecole.uai, frozenset()))
            for ecole in ecoles
        ),
    )  # fmt: skip


def _categories(academie: RegistrePublie) -> list[CategorieTraitee]:
    rendues = []
    for brique in dict.fromkeys(fiche.brique for fiche in academie.fiches):
        siennes = [fiche for fiche in academie.fiches if fiche.brique == brique]
        mesures = dict.fromkeys(
            v for f in siennes for cle in ("techniques", "acces", "traces", "mesures") for v in f[cle].valeurs
        )
        rendues.append(
            CategorieTraitee(
                brique, siennes[0].brique_titre, tuple(f.intitule for f in siennes),
                tuple(dict.fromkeys(v.partition(" : ")[0] for f in siennes for v in f["donnees"].valeurs)),
                tuple(mesures),
            )
        )  # fmt: skip
    return rendues


def _responsable(
    ecole: Etablissement, reponse: ReponseRegistre | None, delegue: tuple[str, ...], registre: Registre,
    cadre: Cadre, ouvertes: frozenset[str],
) -> ResponsableServi:  # fmt: skip
    qui = "Le chef d'établissement" if ecole.degre == 2 else "L'inspecteur d'académie, directeur académique"
    presentes = dict.fromkeys(cle.split(".")[0] for cle in traitements_de(registre, ouvertes))
    ville = f"{ecole.code_postal or ''} {ecole.ville or ''}".strip()
    coordonnees = ", ".join(filter(None, (ecole.adresse, ville, ecole.telephone, ecole.courriel)))
    return ResponsableServi(
        uai=ecole.uai,
        responsable=(reponse and reponse.responsable) or f"{qui} : {ecole.nom}",
        contact=(reponse and reponse.contact) or coordonnees,
        delegue=(reponse and reponse.delegue) or ", ".join(delegue),
        briques=tuple(cadre.briques.get(brique, brique) for brique in presentes),
    )


def en_json(registre: RegistreSousTraitant) -> bytes:
    """Schéma ``registre-sous-traitant-ent/1``.

    :param registre: registre du sous-traitant.
    """
    valeur = {"schema": "registre-sous-traitant-ent/1", **dataclasses.asdict(registre)}
    return (json.dumps(valeur, ensure_ascii=False, indent=2, default=str) + "\n").encode()


def en_csv(registre: RegistreSousTraitant) -> bytes:
    """Un responsable par ligne, avec tout ce que l'article demande d'en dire.

    :param registre: registre du sous-traitant.
    """
    sortie = io.StringIO()
    ecrivain = csv.writer(sortie, delimiter=";", lineterminator="\r\n")
    ecrivain.writerow(
        ("Sous-traitant", "UAI", "Responsable", "Coordonnées", "Délégué", "Catégories de traitements",
         "Sous-traitants ultérieurs", "Transferts", "Mesures")
    )  # fmt: skip
    mesures = {c.titre: c.mesures for c in registre.categories}
    for r in registre.responsables:
        siennes = dict.fromkeys(m for titre in r.briques for m in mesures.get(titre, ()))
        ligne = (
            registre.sous_traitant, r.uai, r.responsable, r.contact, r.delegue, "\n".join(r.briques),
            "\n".join(registre.ulterieurs), "\n".join(registre.transferts), "\n".join(siennes),
        )  # fmt: skip
        ecrivain.writerow([proteger(valeur) for valeur in ligne])
    return sortie.getvalue().encode("utf-8-sig")


FORMATS_SOUS_TRAITANT: dict[str, tuple[str, Callable[[RegistreSousTraitant], bytes]]] = {
    "csv": ("text/csv", en_csv),
    "json": ("application/json", en_json),
}
"""Format → type MIME et écriture."""
