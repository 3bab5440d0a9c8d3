"""La copie d'une personne : à côté des mêmes lectures nues et du même ZIP, quelle que soit la base."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.base import CLE, base_neuve
from bench.mesure import alterner, annoncer, exposant
from bench.peuplement import peupler
from ent_core.chargement.decouverte import charger
from ent_core.chargement.droits import Guichet
from ent_core.contrat.donnees import Sujet
from ent_core.donnees.base import declaration
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration
from ent_core.vie_privee.droits.graphe import places

__all__ = ["mesurer"]

_JOUR = date(2026, 11, 17)
_TAILLES = (20, 100, 500)
_LIGNES = 10_000
_RAPPORT, _PENTE = 2.0, 0.10
_ENSEIGNANT = "select md5('1:enseignant:1')::uuid"
_ACTES = """
insert into acte_journal (instant, acte, uai, acteur_id, objet, reseau)
select now() - n * interval '1 minute', 'session.ouverte', '0000001A', md5('1:enseignant:1')::uuid,
  n::text, '192.0.2.0/24'
from generate_series(1, :nombre) n
"""


def mesurer(dossier: Path) -> bool:
    """Mesure et annonce ; vrai si les buts sont tenus.

    :param dossier: dossier jetable de la base.
    """
    chargement = charger([])
    with base_neuve(dossier, chargement.distributions) as neuve:
        base = neuve.base
        horloge = HorlogeFixe(datetime(2026, 11, 17, 9, 0, tzinfo=UTC))
        guichet = Guichet(Configuration(donnees=str(dossier), cle_secrete=CLE), chargement, horloge)
        couts, rapports, faits = [], [], 0
        with psycopg.connect(neuve.nue) as nue:
            for taille in _TAILLES:
                with base.academie("banc : peuplement") as session:
                    peupler(session, faits + 1, taille, _JOUR)
                    if not faits:
                        session.execute(text(_ACTES), {"nombre": _LIGNES})
                    personne = session.execute(text(_ENSEIGNANT)).scalar_one()
                nue.autocommit = True
                nue.execute("analyze")
                nue.autocommit = False
                faits = taille
                series = alterner(
                    {
                        "copie": lambda: _copier(base, guichet, personne),  # noqa: B023 - joué aussitôt
                        "nue": lambda: _nue(nue, guichet, personne),  # noqa: B023 - joué aussitôt
                    },
                    tours=7,
                    fois=1,
                )
                couts.append(min(series["copie"].murs))
                rapports.append(couts[-1] / min(series["nue"].murs))
    rapport, pente = max(rapports), exposant(_TAILLES, couts)
    annoncer(
        f"copie de {_LIGNES} lignes ÷ lectures nues et ZIP", rapport, f"≤ {_RAPPORT}", rapport <= _RAPPORT
    )
    annoncer("coût de la copie, exposant en établissements", pente, f"≤ {_PENTE}", pente <= _PENTE)
    return rapport <= _RAPPORT and pente <= _PENTE


def _copier(base: BaseDeDonnees, guichet: Guichet, personne: UUID) -> int:
    sortie = io.BytesIO()
    with base.academie("banc : copie") as session:
        _ecrire(session, guichet, personne, sortie)
    return sortie.tell()


def _ecrire(session: Session, guichet: Guichet, personne: UUID, sortie: io.BytesIO) -> None:
    guichet.exporter(session, personne, sortie)


def _nue(connexion: psycopg.Connection, guichet: Guichet, personne: UUID) -> int:
    """Ce qu'un script ferait : une lecture par lien, du JSON et une page par table, dans un ZIP."""
    sortie = io.BytesIO()
    with zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for place in places(guichet.registre):
            declaree = declaration(place.table)
            lignes = [
                ligne
                for sujet in (declaree.sujets if declaree else ())
                for ligne in connexion.execute(_enonce(place.table.name, sujet), (personne,)).fetchall()
            ]
            archive.writestr(
                f"{place.table.name}.json", "\n".join(json.dumps(li, default=str) for li in lignes)
            )
            page = "".join(f"<tr>{''.join(f'<td>{v}</td>' for v in li)}</tr>" for li in lignes)
            archive.writestr(f"{place.table.name}.html", f"<table>{page}</table>")
    connexion.commit()
    return sortie.tell()


def _enonce(table: str, sujet: Sujet) -> str:
    if not sujet.par:
        return f'select * from "{table}" where "{sujet.colonne}" = %s'  # noqa: S608 - noms déclarés
    return f'select t.* from "{table}" t where false and %s is not null'  # noqa: S608 - liens indirects : vides ici
