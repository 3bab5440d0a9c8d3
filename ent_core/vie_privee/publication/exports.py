"""Le registre hors de l'ENT : JSON au schéma stable, CSV, classeur ODS, page HTML lisible sans connexion."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from ent_core.identite.tableur.texte import proteger
from ent_core.socle.dates import jour_court
from ent_core.vie_privee.publication.assemblage import RegistrePublie
from ent_core.vie_privee.publication.feuille_cnil import A_COMPLETER, classeur
from ent_core.vie_privee.publication.fiche import FicheTraitement, Rubrique

__all__ = ["FORMATS", "SCHEMA", "exporter", "nom_de_fichier"]

SCHEMA = "registre-ent/1"
"""Nom du schéma JSON ; un champ s'y ajoute sans changer de nom, il n'en part aucun."""


def exporter(registre: RegistrePublie, format_: str) -> bytes:
    """Registre dans un format.

    :param registre: registre publié.
    :param format_: clé de ``FORMATS``.
    """
    return FORMATS[format_][1](registre)


def nom_de_fichier(registre: RegistrePublie, format_: str) -> str:
    """« registre-0991001A-20260907.ods ».

    :param registre: registre publié.
    :param format_: clé de ``FORMATS``.
    """
    return f"registre-{registre.uai or 'academie'}-{registre.jour:%Y%m%d}.{format_}"


def en_json(registre: RegistrePublie) -> bytes:
    """Schéma ``registre-ent/1``, décrit dans le guide du délégué.

    :param registre: registre publié.
    """
    mesure = registre.mesure
    valeur: dict[str, Any] = {
        "schema": SCHEMA,
        "jour": registre.jour.isoformat(),
        "produit": registre.produit,
        "academie": registre.academie,
        "uai": registre.uai or None,
        "etablissement": registre.etablissement or None,
        "rubriques": {
            "total": mesure.total, "code": mesure.code, "instance": mesure.instance,
            "reponses": mesure.repondues, "a_completer": mesure.vides,
        },
        "traitements": [_fiche(fiche) for fiche in registre.fiches],
        "briques_sans_donnee": list(registre.sans_donnee),
    }  # fmt: skip
    return (json.dumps(valeur, ensure_ascii=False, indent=2) + "\n").encode()


def en_csv(registre: RegistrePublie) -> bytes:
    """Un traitement par ligne, une rubrique par colonne ; le format que les tableurs ouvrent d'un clic.

    :param registre: registre publié.
    """
    sortie = io.StringIO()
    ecrivain = csv.writer(sortie, delimiter=";", lineterminator="\r\n")
    if registre.fiches:
        intitules = [rubrique.intitule for rubrique in registre.fiches[0].rubriques]
        ecrivain.writerow(("Brique", *intitules))
    for fiche in registre.fiches:
        valeurs = ("\n".join(rubrique.valeurs) or A_COMPLETER for rubrique in fiche.rubriques)
        ecrivain.writerow([proteger(valeur) for valeur in (fiche.brique_titre, *valeurs)])
    return sortie.getvalue().encode("utf-8-sig")


def en_html(registre: RegistrePublie) -> bytes:
    """Une page seule, sans image ni script ni adresse : elle se lit hors ligne et s'imprime.

    :param registre: registre publié.
    """
    return "\n".join(_page(registre)).encode()


FORMATS: dict[str, tuple[str, Callable[[RegistrePublie], bytes]]] = {
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", classeur),
    "csv": ("text/csv", en_csv),
    "json": ("application/json", en_json),
    "html": ("text/html; charset=utf-8", en_html),
}
"""Format → type MIME et écriture."""


def _fiche(fiche: FicheTraitement) -> dict[str, Any]:
    return {
        "cle": fiche.cle,
        "version": fiche.version,
        "intitule": fiche.intitule,
        "brique": {"id": fiche.brique, "titre": fiche.brique_titre},
        "rubriques": [
            {
                "cle": r.cle,
                "partie": r.partie.name.lower(),
                "intitule": r.intitule,
                "valeurs": list(r.valeurs),
                "provenance": r.provenance.name.lower(),
            }
            for r in fiche.rubriques
        ],
    }


_STYLE = """
:root{color-scheme:light dark}
body{max-width:60rem;margin:auto;padding:1rem;font:1rem/1.5 system-ui,sans-serif}
h2{margin-block-start:2.5rem;border-block-start:1px solid}
dt{font-weight:700;margin-block-start:.75rem} dd{margin:0} dd p,dd ul{margin-block:0}
.manque{font-weight:700} small{opacity:.8}
@media print{h2{break-before:page}}
"""


def _page(registre: RegistrePublie) -> Iterator[str]:
    titre = escape(f"Registre des activités de traitement : {registre.responsable}")
    mesure = registre.mesure
    yield f'<!doctype html>\n<html lang="fr"><head><meta charset="utf-8"><title>{titre}</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{_STYLE}</style></head><body><main><h1>{titre}</h1>"
    yield f"<p>État au {jour_court(registre.jour)}. {escape(registre.academie)}."
    yield f"{mesure.code} rubriques sur {mesure.total} viennent du code ; {mesure.vides} à compléter.</p>"
    yield '<nav aria-label="Traitements"><ul>'
    for fiche in registre.fiches:
        yield f'<li><a href="#{escape(fiche.cle)}">{escape(fiche.intitule)}</a></li>'
    yield "</ul></nav>"
    for fiche in registre.fiches:
        cle, intitule = escape(fiche.cle), escape(fiche.intitule)
        yield f'<section aria-labelledby="{cle}"><h2 id="{cle}">{intitule}</h2>'
        yield f"<p>{escape(fiche.brique_titre)}</p>"
        for partie, rubriques in fiche.parties():
            yield f"<h3>{escape(partie)}</h3><dl>"
            for rubrique in rubriques:
                yield f"<dt>{escape(rubrique.intitule)} <small>({escape(rubrique.provenance)})</small></dt>"
                yield f"<dd>{_valeurs(rubrique)}</dd>"
            yield "</dl>"
        yield "</section>"
    yield "</main></body></html>\n"


def _valeurs(rubrique: Rubrique) -> str:
    if rubrique.vide:
        return f'<p class="manque">{A_COMPLETER}</p>'
    if len(rubrique.valeurs) == 1:
        return f"<p>{escape(rubrique.valeurs[0])}</p>"
    return f"<ul>{''.join(f'<li>{escape(valeur)}</li>' for valeur in rubrique.valeurs)}</ul>"
