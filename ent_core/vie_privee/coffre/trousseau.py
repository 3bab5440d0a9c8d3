"""Le trousseau : les clés dont une transaction a besoin, et de quelle unité relève chaque cellule.

Une *unité* d'effacement : une personne, un traitement, une année scolaire. Une ligne qui est à plusieurs, ou
à personne, est sa propre unité. Une *cellule* : l'empreinte de son unité (16 octets), puis son enveloppe.
Elle garde l'unité de son écriture : une fiche fusionnée, une ligne déplacée s'ouvrent encore.

Écrire retient, jusqu'à la fin de la transaction, un verrou partagé que le balayage des clés prend seul : une
clé ne peut pas être détruite entre le moment où elle est donnée et celui où sa ligne existe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Lien
from ent_core.donnees.base import declaration
from ent_core.donnees.chiffrement import Valeurs, place
from ent_core.donnees.tourniquet import executer_du_noyau
from ent_core.vie_privee.coffre.cles import Coffre, Lecture
from ent_core.vie_privee.coffre.scelle import CleDisparue, ScelleAltere, ouvrir, sceller

__all__ = [
    "COLONNE", "TAILLE_UNITE", "VERROU", "ChiffreurDuCoffre", "TrousseauDuCoffre", "nom_d_unite", "prefixe",
]  # fmt: skip

TAILLE_UNITE = 16
"""Octets de l'empreinte d'une unité, en tête de chaque cellule."""

COLONNE = "colonne:"
"""Début du nom de toute unité de colonne : le coffre garde aussi d'autres clés, qui ne se balaient pas."""

VERROU = 0x454E54_434C45
"""Verrou de la base que partagent ceux qui écrivent des cellules."""

_PARTAGER = "select pg_advisory_xact_lock_shared(%s)"


class ChiffreurDuCoffre:
    """Donne un trousseau à chaque transaction.

    :param coffre: coffre de l'instance.
    """

    def __init__(self, coffre: Coffre) -> None:
        self.coffre = coffre

    def trousseau(self, session: Session) -> TrousseauDuCoffre:
        """Un trousseau neuf.

        :param session: session dont c'est la transaction.
        """
        return TrousseauDuCoffre(self.coffre, session)


class TrousseauDuCoffre:
    """Les clés d'une transaction, lues une fois.

    :param coffre: coffre de l'instance.
    :param session: session dont c'est la transaction.
    """

    def __init__(self, coffre: Coffre, session: Session) -> None:
        self._coffre = coffre
        self._session = session
        self._cles: dict[str, bytes | None] = {}
        self._lecture: Lecture | None = None
        self._ecrit = False

    def preparer(self, lignes: Iterable[tuple[Table, Valeurs]]) -> None:
        """Obtient d'un coup les clés de lignes qui vont s'écrire.

        :param lignes: table et valeurs.
        """
        self._verrouiller()
        voulues = {nom_d_unite(table, _unite(table, ligne)) for table, ligne in lignes}
        manquantes = {unite for unite in voulues if self._cles.get(unite) is None}
        if manquantes:
            self._cles |= self._coffre.creer_toutes(manquantes)

    def sceller(self, table: Table, colonne: str, ligne: Valeurs, clair: bytes) -> bytes:
        """Cellule d'une valeur.

        :param ligne: valeurs de la ligne ; sa clé primaire est connue.
        """
        self.preparer([(table, ligne)])
        unite = _unite(table, ligne)
        cle = self._cles[nom_d_unite(table, unite)]
        assert cle is not None  # noqa: S101 - elle vient d'être créée
        return unite + sceller(cle, clair, unite + place(table, colonne, ligne))

    def ouvrir(self, table: Table, colonne: str, ligne: Valeurs, cellule: bytes) -> bytes | None:
        """Contenu d'une cellule ; ``None`` si sa clé a été détruite.

        :param ligne: au moins la clé primaire.
        :raises ScelleAltere: la cellule a été changée, ou vient d'ailleurs.
        """
        unite = cellule[:TAILLE_UNITE]
        try:
            return ouvrir(
                self._cle(nom_d_unite(table, unite)),
                cellule[TAILLE_UNITE:],
                unite + place(table, colonne, ligne),
            )
        except CleDisparue:
            return None
        except ScelleAltere as erreur:
            erreur.lieu = f"table {table.name}, colonne {colonne}, ligne {_reperer(table, ligne)}"
            raise

    def fermer(self) -> None:
        """Oublie les clés et rend le fichier du coffre."""
        self._cles.clear()
        self._ecrit = False
        if self._lecture is not None:
            self._lecture.fermer()
            self._lecture = None

    def _cle(self, unite: str) -> bytes | None:
        if unite not in self._cles:
            if self._lecture is None:
                self._lecture = self._coffre.ouvrir()
            self._cles[unite] = self._lecture.une(unite)
        return self._cles[unite]

    def _verrouiller(self) -> None:
        if not self._ecrit:
            executer_du_noyau(self._session.connection(), _PARTAGER, (VERROU,))
            # Ce qui a été lu avant le verrou a pu être détruit depuis.
            self._cles.clear()
            self._ecrit = True


def prefixe(brique: str) -> str:
    """Début du nom des unités d'une brique dans le coffre.

    :param brique: identifiant ; ``noyau`` pour le noyau.
    """
    return f"{COLONNE}{brique}:"


def nom_d_unite(table: Table, unite: bytes) -> str:
    """Nom d'une unité dans le coffre.

    :param table: table de la cellule.
    :param unite: empreinte de l'unité.
    """
    declaree = declaration(table)
    return prefixe((declaree.traitement or "" if declaree else "").partition(".")[0]) + unite.hex()


def _unite(table: Table, ligne: Valeurs) -> bytes:
    declaree = declaration(table)
    proprietaires = [s for s in declaree.sujets if s.lien is Lien.PROPRIETAIRE] if declaree else []
    dite: list[Any] = ["ligne", table.name, *(ligne[c.name] for c in table.primary_key)]
    if len(proprietaires) == 1 and not proprietaires[0].par:
        personne = ligne[proprietaires[0].colonne]
        if personne is not None and declaree is not None:
            annee = ligne["annee"] if "annee" in table.c else None
            dite = ["personne", declaree.traitement, annee, personne]
    return hashlib.sha256(json.dumps(dite, default=str).encode()).digest()[:TAILLE_UNITE]


def _reperer(table: Table, ligne: Valeurs) -> str:
    return ", ".join(str(ligne[c.name]) for c in table.primary_key)
