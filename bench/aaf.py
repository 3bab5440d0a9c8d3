"""L'import AAF : à côté d'un iterparse nu des mêmes fichiers, et d'un COPY nu des mêmes lignes.

``python -m bench.aaf --etablissements 310 --tours 1`` donne la mémoire à 500 000 personnes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path

import psycopg
from lxml import etree

from bench.base import base_neuve
from bench.mesure import annoncer
from ent_core.demo import generer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.chargement import Avancement
from ent_core.identite.aaf.importation import importer
from ent_core.identite.aaf.livraison import ouvrir_livraison
from ent_core.identite.aaf.rapport import RapportImport
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Imports

__all__ = ["mesurer"]

_JOUR = date(2026, 9, 7)
_INSTANT = datetime(2026, 9, 7, 6, tzinfo=UTC)
_BALISES = ("addRequest", "modifyRequest", "deleteRequest")
_MIO = 1024
_FICHE = re.compile(rb"<addRequest>.*?</addRequest>\s*", re.DOTALL)
_DEPARTS = 50

# Les tables que l'import remplit, dans l'ordre de leurs dépendances, et leurs colonnes ordinaires.
_TABLES = {
    "etablissement": "*",
    "annee_scolaire": "*",
    "matiere": "*",
    "mef": "*",
    "division": "*",
    "groupe": "*",
    "groupe_division": "*",
    "personne": "id, nom, nom_naissance, prenom, autres_prenoms, civilite, naissance, courriel, telephone,"
    " mobile, adresse, code_postal, ville, pays, adresse_diffusable",
    "identifiant": "*",
    "rattachement": "*",
    "scolarite": "*",
    "inscription": "*",
    "responsabilite": "*",
    "service": "*",
    "professeur_principal": "*",
}
_DEPOUILLER = """
select format('alter table %%s drop constraint %%I', conrelid::regclass, conname) from pg_constraint
where contype in ('f', 'u') and conrelid = any(%(tables)s::regclass[])
union all
select format('drop index %%s', i.indexrelid::regclass) from pg_index i
where not i.indisprimary and i.indrelid = any(%(tables)s::regclass[])
  and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
"""
_VIDER = f"truncate {', '.join([*_TABLES, 'import_lot', 'import_tampon'])} cascade"


def mesurer(dossier: Path, *, etablissements: int = 20, tours: int = 3, serveur: str = "") -> bool:
    """Mesure et annonce ; rend faux si un but n'est pas tenu.

    :param dossier: dossier vide, pour la livraison et la base.
    :param etablissements: taille de l'académie inventée, environ 1 600 personnes chacun.
    :param tours: tours comptés.
    :param serveur: base vide d'un serveur PostgreSQL ; par défaut, une base embarquée et jetable.
    """
    resume = generer(dossier / "livraison", etablissements=etablissements, jour=_JOUR)
    voisine = _sans_un_eleve_sur(_DEPARTS, resume.aaf, dossier / "voisine")
    with _base(dossier / "base", serveur) as (application, proprietaire):
        nus, premiers, charges, copies, planchers, redites, nuits, memoires = [], [], [], [], [], [], [], []
        for tour in range(tours):
            nus += [_chrono(_lire_nu, resume.aaf)]
            _sql(proprietaire, _VIDER)
            # Chaque import a son processus : sa mémoire n'est que la sienne.
            premier = _a_part(application, resume.aaf)
            redite = _a_part(application, resume.aaf)
            if tour == 0:
                lignes = _lignes(proprietaire)
                octets = _extraire(proprietaire)
            nuit = _a_part(application, voisine)
            _sql(proprietaire, _VIDER)
            copies += [_copier(proprietaire, octets)]
            _sql(proprietaire, _VIDER)
            planchers += [_copier(proprietaire, octets, depouiller=True)]
            premiers += [premier.total]
            charges += [premier.application]
            redites += [redite.total]
            nuits += [nuit.total]
            memoires += [premier.memoire, nuit.memoire]
    personnes = resume.personnes
    nu, premier_, charge = map(statistics.median, (nus, premiers, charges))
    print(f"{personnes} personnes, {lignes} lignes écrites, {tours} tours")
    print(f"iterparse nu : {personnes / nu:.0f}/s ; import : {personnes / premier_:.0f}/s")
    print(
        f"application : {lignes / charge:.0f} lignes/s ; COPY nu : {lignes / statistics.median(copies):.0f}"
        f" ; sans clé étrangère ni index secondaire : {lignes / statistics.median(planchers):.0f}"
    )
    # L'iterparse nu n'écrit rien, l'import écrit sept lignes par personne : les deux étalons bout à bout.
    bout_a_bout = [nu + copie for nu, copie in zip(nus, copies, strict=True)]
    print(f"import ÷ (iterparse nu, puis COPY nu) : {_rapport(bout_a_bout, premiers):.2f}")
    # Ce que vaudrait le premier but si l'import n'avait rien à lire, ni à comparer : seulement ces lignes.
    print(
        f"iterparse nu ÷ COPY nu : {_rapport(nus, copies):.2f}"
        f" ; sans clé étrangère ni index secondaire : {_rapport(nus, planchers):.2f}"
    )
    figures = (
        ("import AAF ÷ iterparse nu (personnes/s)", _rapport(nus, premiers), 0.70, True),
        ("application ÷ COPY nu des mêmes lignes (lignes/s)", _rapport(copies, charges), 0.35, True),
        ("livraison identique ÷ première fois (temps)", _rapport(redites, premiers), 0.30, False),
        (f"un élève sur {_DEPARTS} parti ÷ première fois (temps)", _rapport(nuits, premiers), 0.90, False),
        (f"mémoire de l'import de {personnes} personnes (Mio)", max(memoires), 256, False),
    )
    tenus = []
    for libelle, valeur, but, au_moins in figures:
        tenu = valeur >= but if au_moins else valeur <= but
        annoncer(libelle, valeur, f"{'≥' if au_moins else '≤'} {but}", tenu)
        tenus.append(tenu)
    return all(tenus)


def _sans_un_eleve_sur(nombre: int, livraison: Path, dossier: Path) -> Path:
    """La livraison d'une autre nuit : l'ordinaire de l'import, où tout se compare et peu s'écrit."""
    dossier.mkdir()
    rangs = count(1)
    for fichier in sorted(livraison.glob("*.xml")):
        contenu = fichier.read_bytes()
        if "_Eleve_" in fichier.name:
            contenu = _FICHE.sub(lambda fiche: fiche[0] if next(rangs) % nombre else b"", contenu)
        (dossier / fichier.name).write_bytes(contenu)
    return dossier


# --- Les étalons nus -------------------------------------------------------------------------------


def _lire_nu(dossier: Path) -> None:
    """Ce que coûte, au moins, de tourner ces fichiers en dictionnaires."""
    for fichier in sorted(dossier.glob("*.xml")):
        for _, element in etree.iterparse(str(fichier), events=("end",), tag=_BALISES):
            {attribut.get("name"): [v.text for v in attribut] for attribut in element.iter("attr")}
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _copier(proprietaire: str, octets: dict[str, bytes], *, depouiller: bool = False) -> float:
    """Les mêmes lignes, toutes prêtes, dans les mêmes tables, par le compte qui les possède.

    :param depouiller: sans clé étrangère ni index secondaire, puis tout est annulé : le plancher.
    :returns: secondes.
    """
    with psycopg.connect(proprietaire) as connexion, connexion.cursor() as curseur:
        if depouiller:
            for (ordre,) in curseur.execute(_DEPOUILLER, {"tables": list(_TABLES)}).fetchall():
                curseur.execute(ordre)
        debut = time.perf_counter()
        for table, contenu in octets.items():
            with curseur.copy(f"copy {table}{_colonnes(table)} from stdin") as copie:
                copie.write(contenu)
        if depouiller:
            connexion.rollback()
        else:
            connexion.commit()
        return time.perf_counter() - debut


def _extraire(proprietaire: str) -> dict[str, bytes]:
    with psycopg.connect(proprietaire) as connexion, connexion.cursor() as curseur:
        octets = {}
        for table in _TABLES:
            ordre = f"copy (select {_TABLES[table]} from {table}) to stdout"  # noqa: S608 - noms écrits ici
            with curseur.copy(ordre) as copie:
                octets[table] = b"".join(map(bytes, copie))
        return octets


def _colonnes(table: str) -> str:
    return "" if _TABLES[table] == "*" else f" ({_TABLES[table]})"


# --- L'import --------------------------------------------------------------------------------------


class _Mesure:
    """Durées d'un import, et mémoire au plus haut de son processus (Mio)."""

    def __init__(self, total: float, application: float, memoire: float) -> None:
        self.total = total
        self.application = application
        self.memoire = memoire


def _a_part(application: str, dossier: Path) -> _Mesure:
    with multiprocessing.get_context("spawn").Pool(1) as processus:
        return processus.apply(_importer, (application, dossier))


def _importer(application: str, dossier: Path) -> _Mesure:
    base = BaseDeDonnees(application)
    lu = 0.0

    def suivre(etape: str, _fait: int, _total: int) -> None:
        nonlocal lu
        if etape == "lecture":
            lu = time.perf_counter()

    debut = time.perf_counter()
    rapport = _importer_une_fois(base, dossier, suivre)
    fin = time.perf_counter()
    base.fermer()
    if rapport.constats.keys() - {"structure_inconnue"}:
        raise RuntimeError(f"la livraison du banc a des défauts : {dict(rapport.constats)}")
    return _Mesure(fin - debut, fin - lu if lu else 0.0, _memoire())


def _memoire() -> float:
    """Le plus haut de ce programme ; « ru_maxrss » compterait aussi celui du banc, qui l'a lancé."""
    etat = Path("/proc/self/status").read_text(encoding="ascii")
    return int(etat.partition("VmHWM:")[2].split()[0]) / _MIO


def _importer_une_fois(base: BaseDeDonnees, dossier: Path, suivre: Avancement) -> RapportImport:
    with ouvrir_livraison(dossier) as livraison:
        return importer(
            base,
            livraison,
            horloge=HorlogeFixe(_INSTANT),
            reglages=Imports(),
            progression=suivre,
        )


# --- Outils ----------------------------------------------------------------------------------------


@contextmanager
def _base(dossier: Path, serveur: str) -> Iterator[tuple[str, str]]:
    """Adresses de l'application et du propriétaire d'une base migrée."""
    with base_neuve(dossier, serveur=serveur) as neuve:
        yield neuve.application.render_as_string(hide_password=False), neuve.nue


def _sql(proprietaire: str, ordre: str) -> None:
    with psycopg.connect(proprietaire) as connexion:
        connexion.execute(ordre)


def _lignes(proprietaire: str) -> int:
    with psycopg.connect(proprietaire) as connexion:
        comptes = (connexion.execute(f"select count(*) from {t}").fetchone() for t in _TABLES)  # noqa: S608 - noms écrits ici
        return sum(compte[0] for compte in comptes if compte)


def _chrono(fonction: Callable[..., None], *args: object) -> float:
    debut = time.perf_counter()
    fonction(*args)
    return time.perf_counter() - debut


def _rapport(numerateurs: list[float], denominateurs: list[float]) -> float:
    """Médiane des rapports tour par tour : chaque import est comparé à son voisin."""
    return statistics.median(a / b for a, b in zip(numerateurs, denominateurs, strict=True))


def principal() -> int:
    """Lance ce banc seul ; rend 1 si un but n'est pas tenu."""
    analyse = argparse.ArgumentParser(description=__doc__)
    analyse.add_argument("--etablissements", type=int, default=20)
    analyse.add_argument("--tours", type=int, default=3)
    analyse.add_argument("--serveur", default="", help="base vide, par son propriétaire")
    choix = analyse.parse_args()
    with tempfile.TemporaryDirectory(prefix="ent-banc-") as dossier:
        tenu = mesurer(
            Path(dossier), etablissements=choix.etablissements, tours=choix.tours, serveur=choix.serveur
        )
    return 0 if tenu else 1


if __name__ == "__main__":
    sys.exit(principal())
