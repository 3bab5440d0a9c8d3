"""Le portillon : chaque énoncé d'une brique passe devant les déclarations avant de partir.

Il laisse passer si *un seul* des rôles en vigueur a, pour une finalité en vigueur, tout ce que l'énoncé lit
et écrit : la même règle que la base, qui ne prend qu'une audience à la fois. Ce qu'il ne connaît pas, il le
refuse. Le verdict se calcule une fois par énoncé compilé, puis se relit.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from ent_core.contrat.donnees import Lien
from ent_core.donnees.audiences import NOYAU, PARTAGEES, Droit, Droits, audience, tous_les_droits
from ent_core.donnees.base import declaration
from ent_core.donnees.releve import Releve
from ent_core.donnees.sous_portillon import STATISTIQUES
from ent_core.donnees.tourniquet import Juge, LectureSensible, Passage
from ent_core.socle.erreurs import DonneeProtegee
from ent_core.vie_privee.registre import Registre

__all__ = ["Portillon"]

_journal = logging.getLogger("ent.portillon")
_RIEN = Droits("", None, Droit(), {})
_ACTES = {"lire": "lire", "creer": "ajouter", "modifier": "changer", "supprimer": "supprimer"}


class Portillon:
    """Juge les énoncés d'après le registre.

    :param registre: déclarations réunies.
    """

    def __init__(self, registre: Registre) -> None:
        self._droits = tous_les_droits(
            [(registre.brique_de[nom], table) for nom, table in registre.tables.items()], registre.traitements
        )
        partages = {self._droits[nom].traitement for nom in PARTAGEES if nom in self._droits}
        self._partages = frozenset(cle for cle in partages if cle)
        self._par_brique: dict[str, frozenset[str]] = {}
        for cle in registre.traitements:
            brique = cle.partition(".")[0]
            self._par_brique[brique] = self._par_brique.get(brique, frozenset({brique})) | {cle}
        self._auteurs = frozenset(
            (nom, sujet.colonne)
            for nom, table in registre.tables.items()
            for sujet in getattr(declaration(table), "sujets", ())
            if sujet.lien is Lien.AUTEUR and not sujet.par
        )
        self._juges: dict[tuple[frozenset[str], tuple[str, ...]], Juge] = {}

    def finalites(self, brique: str) -> frozenset[str]:
        """Ce au titre de quoi une brique agit : ses traitements, elle-même, et l'annuaire que tous partagent.

        :param brique: identifiant.
        """
        return self._par_brique.get(brique, frozenset({brique})) | self._partages

    def recues(self, table: str, roles: tuple[str, ...]) -> frozenset[str]:
        """Colonnes d'une table que l'un au moins de ces rôles reçoit ; aucun rôle, ce qui est à tous.

        :param table: nom de la table.
        :param roles: rôles de l'ENT en vigueur.
        """
        droits = self._droits.get(table, _RIEN)
        return frozenset().union(*(droits.de(role).lire for role in roles or ("",)))

    def juge(self, finalites: frozenset[str], roles: tuple[str, ...]) -> Juge:
        """Le juge de ces finalités et de ces rôles ; il garde ses verdicts.

        :param finalites: traitements et briques.
        :param roles: rôles de l'ENT, le préféré d'abord.
        """
        cle = (finalites, roles)
        if cle not in self._juges:
            self._juges[cle] = self._nouveau(finalites, roles)
        return self._juges[cle]

    def _nouveau(self, finalites: frozenset[str], roles: tuple[str, ...]) -> Juge:
        passages: WeakKeyDictionary[Any, Passage] = WeakKeyDictionary()

        def juger(compile_: Any) -> Passage:
            passage = passages.get(compile_) if compile_ is not None else None
            if passage is None:
                passage = self._passage(compile_, finalites, roles)
                passages[compile_] = passage
            return passage

        return juger

    def _passage(self, compile_: Any, finalites: frozenset[str], roles: tuple[str, ...]) -> Passage:
        releve: Releve | None = getattr(compile_, "releve", None)
        try:
            if releve is None:
                raise _illisible("du SQL donné au pilote (exec_driver_sql), ou un ordre sur le schéma")
            permis = self.permis(releve, finalites, roles)
        except DonneeProtegee as refus:
            _journal.warning("portillon_refus", extra={"lieu": refus.lieu, "finalites": sorted(finalites)})
            raise
        return Passage(tuple(map(audience, permis)), tuple(self._lectures(releve, compile_)))

    def permis(self, releve: Releve, finalites: frozenset[str], roles: tuple[str, ...]) -> tuple[str, ...]:
        """Les rôles dont chacun suffit à un énoncé ; vide, s'il ne touche aucune table.

        :param releve: ce que l'énoncé touche.
        :param finalites: traitements et briques en vigueur.
        :param roles: rôles en vigueur, le préféré d'abord ; aucun, pour une page publique.
        :raises DonneeProtegee: aucun ne suffit, ou l'énoncé est illisible.
        """
        if releve.opaque:
            raise _illisible(releve.opaque)
        if auteurs := sorted(releve.agreges & self._auteurs):
            raise _par_auteur(*auteurs[0])
        demandes = list(_demandes(releve))
        if not demandes:
            return ()
        manque: tuple[str, str, str] | None = None
        permis: list[str] = []
        for role in roles or ("",):
            refuse = next((d for d in demandes if not self._a(d, finalites, role)), None)
            if refuse is None:
                permis.append(role)
            manque = manque or refuse
        if not permis and manque is not None:
            raise self._refus(manque, finalites, roles)
        return tuple(permis)

    def _a(self, demande: tuple[str, str, str], finalites: frozenset[str], role: str) -> bool:
        """Ce rôle a ce droit sur cette colonne ; la colonne vide vaut pour n'importe laquelle."""
        acte, table, colonne = demande
        droits = self._droits.get(table, _RIEN)
        if not self._au_titre(droits, finalites):
            return False
        droit = droits.de(role)
        if acte == "supprimer":
            return droit.supprimer
        permises: frozenset[str] = getattr(droit, acte)
        return colonne in permises if colonne else bool(permises)

    def _au_titre(self, droits: Droits, finalites: frozenset[str]) -> bool:
        if droits.brique == NOYAU:
            return droits.traitement is None or droits.traitement in finalites or bool(droits.tous.creer)
        return (droits.traitement or droits.brique) in finalites

    def _lectures(self, releve: Releve, compile_: Any) -> Iterator[LectureSensible]:
        for table in sorted({table for table, _ in releve.lus}):
            droits = self._droits[table]
            lues = tuple(sorted(c for t, c in releve.lus if t == table and c in droits.sensibles))
            if lues and droits.traitement:
                noms = (
                    compile_.bind_names[valeur]
                    for cible, valeur in releve.egalites
                    if cible == (table, droits.sujet) and valeur in compile_.bind_names
                )
                yield LectureSensible(droits.traitement, lues, tuple(noms))

    def _refus(
        self, demande: tuple[str, str, str], finalites: frozenset[str], roles: tuple[str, ...]
    ) -> DonneeProtegee:
        acte, table, colonne = demande
        droits = self._droits.get(table, _RIEN)
        lieu = f"table {table}" + (f", colonne {colonne}" if colonne else "")
        qui = f"rôles en vigueur : {', '.join(roles) or 'aucun'}"
        if droits is _RIEN:
            return DonneeProtegee(
                f"cette table n'est pas déclarée ({qui}).",
                remede="la déclarer dans ent_modeles, avec donnee(…) ou neutre(…) pour chaque colonne.",
                lieu=lieu,
            )
        if STATISTIQUES in finalites and droits.traitement:
            return DonneeProtegee(
                "une page de statistiques ne lit ni ne compte de données personnelles.",
                remede="déclarer la statistique (ent_statistiques) et la demander par rendre_statistique.",
                lieu=lieu,
            )
        if not self._au_titre(droits, finalites):
            return DonneeProtegee(
                f"cette table relève de « {droits.traitement or droits.brique} », et l'on agit au titre de"
                f" « {', '.join(sorted(f for f in finalites if '.' not in f))} » ({qui}).",
                remede="lire cette donnée par la façade, ou par la brique à qui elle est.",
                lieu=lieu,
            )
        if droits.brique == NOYAU:
            return DonneeProtegee(
                f"l'annuaire ne laisse aucun de ces rôles la {_ACTES[acte]} par une brique ({qui}).",
                remede="employer les lectures de la façade ; le noyau seul écrit dans ses tables.",
                lieu=lieu,
            )
        return DonneeProtegee(
            f"pour « {droits.traitement} », aucun de ces rôles ne peut la {_ACTES[acte]} ({qui}).",
            remede="ne pas la demander pour ce rôle ; ou, s'il doit la recevoir, l'ajouter aux destinataires"
            " du traitement (Acces.ECRIRE pour écrire) et au « pour » de la colonne.",
            lieu=lieu,
        )


def _demandes(releve: Releve) -> Iterator[tuple[str, str, str]]:
    """Ce qu'un énoncé demande : acte, table, colonne ; les colonnes d'abord, pour un refus précis."""
    yield from (("lire", table, colonne) for table, colonne in sorted(releve.lus))
    yield from (("modifier", table, colonne) for table, colonne in sorted(releve.modifies))
    yield from (("creer", table, "") for table in sorted(releve.crees))
    yield from (("supprimer", table, "") for table in sorted(releve.otes))
    yield from (("lire", table, "") for table in sorted(releve.tables))
    if releve.verrouille:
        yield from (("modifier", table, "") for table in sorted(releve.tables))


def _par_auteur(table: str, colonne: str) -> DonneeProtegee:
    return DonneeProtegee(
        "cet énoncé compte par auteur : un nombre par agent est une surveillance (SURV-03).",
        remede="compter par élève, par date ou par division ; ne pas regrouper par qui a saisi.",
        lieu=f"table {table}, colonne {colonne}",
    )


def _illisible(quoi: str) -> DonneeProtegee:
    return DonneeProtegee(
        f"cet énoncé contient {quoi} : on ne peut pas savoir ce qu'il lit.",
        remede="l'écrire avec les classes et les colonnes déclarées ; pour « exists », les nommer.",
    )
