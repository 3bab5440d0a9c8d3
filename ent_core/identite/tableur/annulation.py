"""Annuler une liste : ôter ce qu'elle a créé, rétablir ce qu'elle a changé ou fermé. Tout, ou rien.

Rien de ce qui a servi depuis n'est défait : une ligne que quelqu'un a changée, une personne dont le compte
est activé, une division où d'autres sont entrés retiennent toute l'annulation, et le rapport dit lesquelles.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, insert, select, text, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.journal import consigner
from ent_core.identite.lots import ANNULE, APPLIQUE, Ecart, ecarts_des, libelle_table
from ent_core.identite.modeles import ImportGeste, ImportLot
from ent_core.identite.tableur.ecole import FORMAT
from ent_core.identite.tableur.gestes import DELAI, Nature, colonnes_de, depuis_json, empreinte_de
from ent_core.identite.tableur.usages import (
    comptes_en_usage,
    comptes_jamais_actives,
    lignes_qui_designent,
    renvois_vers,
)
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import AccesRefuse, Introuvable, OperationRefusee

__all__ = ["Annulation", "Blocage", "annulable", "annuler_liste"]

_PAR_FOIS = 500
_EXEMPLES = 3
_MOTIFS = {
    "changees": ("changement depuis", "changements depuis"),
    "disparues": ("disparition depuis", "disparitions depuis"),
    "designees": ("ajout depuis, qui en dépend", "ajouts depuis, qui en dépendent"),
    "actives": ("activation depuis", "activations depuis"),
    "occupees": ("lien à rétablir, dont la place est prise", "liens à rétablir, dont la place est prise"),
}

_Cle = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Blocage:
    """Ce qui retient l'annulation.

    :param objet: sorte d'objet, au pluriel.
    :param motif: ce qui lui est arrivé, accordé avec le nombre.
    :param personnes: quelques personnes en cause, par leur identifiant.
    """

    objet: str
    motif: str
    nombre: int
    personnes: tuple[UUID, ...] = ()

    def __str__(self) -> str:
        return f"{self.objet} : {self.nombre} {self.motif}"


@dataclass(frozen=True, slots=True)
class Annulation:
    """Ce que l'annulation défait, ou déferait.

    :param ecarts: ajouts (rétablis), modifications (remises comme avant), retraits (créations ôtées).
    :param comptes: comptes que nul n'a activés, supprimés avec leur personne.
    :param blocages: ce qui la retient ; vide, elle est possible.
    """

    lot: UUID
    uai: str
    simulation: bool
    ecarts: tuple[Ecart, ...]
    comptes: int
    blocages: tuple[Blocage, ...]


def annulable(lot: ImportLot, maintenant: datetime) -> bool:
    """Une liste appliquée, assez récente pour que ses gestes soient encore gardés.

    :param lot: lot.
    :param maintenant: heure de référence.
    """
    return lot.format == FORMAT and lot.etat == APPLIQUE and lot.demarre_le >= maintenant - DELAI


def annuler_liste(
    base: BaseDeDonnees,
    lot: UUID,
    *,
    horloge: Horloge,
    uai: str | None = None,
    direction_permise: bool = True,
    simulation: bool = False,
    par: UUID | None = None,
) -> Annulation:
    """Annule une liste, en une transaction ; ou dit ce que cela ferait, et ce qui le retient.

    :param base: base de l'application.
    :param lot: lot à annuler.
    :param horloge: horloge.
    :param uai: établissement qui le demande ; ``None`` pour l'académie.
    :param direction_permise: la personne peut désigner la direction, donc défaire sa désignation.
    :param simulation: tout est fait puis défait ; le rapport dit ce qui changerait.
    :param par: personne qui annule.
    :raises Introuvable: lot inconnu, ou d'un autre établissement.
    :raises AccesRefuse: le lot désigne la direction.
    :raises OperationRefusee: ce lot ne s'annule pas, ou quelque chose en dépend depuis ; rien n'est changé.
    """
    # Ce qui dépend d'une personne peut être dans une autre école : l'acte demande toute l'académie.
    with base.academie("annulation d'un import") as session:
        trouve = session.get(ImportLot, lot)
        lieu = "" if trouve is None else trouve.source.partition(":")[2]
        if trouve is None or uai not in (None, lieu):
            raise Introuvable("cet import n'existe pas ici.", remede="le chercher dans la liste des imports.")
        session.execute(text("select pg_advisory_xact_lock(hashtext(:cle))"), {"cle": f"{FORMAT}:{lieu}"})
        session.refresh(trouve)
        _exiger_annulable(trouve, horloge)
        dossier = _Dossier(session, _gestes(session, lot, lieu))
        if not direction_permise:
            dossier.exiger_sans_direction()
        blocages = list(dossier.blocages())
        comptes = comptes_jamais_actives(session, dossier.ids("personne"))
        if not blocages:
            blocages += dossier.defaire()
        rapport = Annulation(lot, lieu, simulation, dossier.ecarts(), comptes, tuple(blocages))
        if simulation:
            session.rollback()
            return rapport
        if blocages:
            raise OperationRefusee(
                "Cet import ne s'annule plus : " + " ; ".join(map(str, blocages)) + ".",
                remede="annuler d'abord les imports plus récents, ou corriger par une nouvelle liste.",
                lieu=f"lot {lot}",
            )
        _clore(session, horloge, trouve, rapport, par)
    return rapport


def _exiger_annulable(lot: ImportLot, horloge: Horloge) -> None:
    if annulable(lot, horloge.maintenant()):
        return
    if lot.etat == ANNULE:
        raise OperationRefusee("Cet import est déjà annulé.", remede="rien n'est à faire.")
    if lot.format != FORMAT:
        raise OperationRefusee(
            "Seule une liste s'annule : l'annuaire et l'emploi du temps se corrigent par l'envoi suivant.",
            remede="importer un fichier juste.",
        )
    raise OperationRefusee(
        f"Cet import ne s'annule pas : il n'a rien changé, ou il a plus de {DELAI.days} jours.",
        remede="corriger par une nouvelle liste.",
    )


def _gestes(session: Session, lot: UUID, uai: str) -> list[ImportGeste]:
    gestes = list(
        session.scalars(
            select(ImportGeste)
            .where(ImportGeste.uai == uai, ImportGeste.lot_id == lot)
            .order_by(ImportGeste.id)
        )
    )
    if not gestes:
        raise OperationRefusee(
            "Il n'y a rien à annuler : cet import n'a rien changé, ou ses gestes ne sont pas gardés.",
            remede="corriger par une nouvelle liste.",
            lieu=f"lot {lot}",
        )
    return gestes


def _clore(session: Session, horloge: Horloge, lot: ImportLot, rapport: Annulation, par: UUID | None) -> None:
    session.execute(delete(ImportGeste).where(ImportGeste.lot_id == lot.id))
    lot.etat = ANNULE
    nombres: Counter[str] = Counter()
    for ecart in rapport.ecarts:
        nombres += Counter(otes=ecart.retraits, remis=ecart.modifications + ecart.ajouts)
    consigner(
        session,
        horloge,
        "liste.annulee",
        uai=rapport.uai,
        acteur=par,
        objet=str(lot.id),
        details={**nombres, "comptes": rapport.comptes},
    )


@dataclass(slots=True)
class _Groupe:
    """Les gestes d'une même nature sur une même table, et les lignes telles qu'elles sont."""

    table: Table
    nature: Nature
    gestes: dict[_Cle, ImportGeste]
    presentes: dict[_Cle, Mapping[str, Any]] = field(default_factory=dict)


class _Dossier:
    """Les gestes d'un lot, face à l'état présent de la base."""

    def __init__(self, session: Session, gestes: Iterable[ImportGeste]) -> None:
        self._session = session
        ranges: defaultdict[tuple[str, Nature], dict[_Cle, ImportGeste]] = defaultdict(dict)
        for geste in gestes:
            colonnes = Base.metadata.tables[geste.objet].primary_key
            cle = tuple(depuis_json(c, v) for c, v in zip(colonnes, geste.cle, strict=True))
            ranges[geste.objet, Nature(geste.nature)][cle] = geste
        # Dans l'ordre où les tables dépendent les unes des autres.
        rangs = {table.name: rang for rang, table in enumerate(Base.metadata.sorted_tables)}
        self._groupes = [
            _Groupe(Base.metadata.tables[nom], nature, trouves)
            for (nom, nature), trouves in sorted(ranges.items(), key=lambda paire: rangs[paire[0][0]])
        ]
        for groupe in self._groupes:
            groupe.presentes = dict(self._lire(groupe.table, list(groupe.gestes)))
        self._faits: Counter[tuple[str, Nature]] = Counter()

    def ids(self, nom: str) -> list[UUID]:
        """Identifiants des lignes que le lot a créées dans une table, et qui y sont encore."""
        return [
            ligne["id"]
            for groupe in self._de(Nature.CREATION)
            if groupe.table.name == nom and "id" in groupe.table.c
            for ligne in groupe.presentes.values()
        ]

    def exiger_sans_direction(self) -> None:
        """Refuse de toucher à la désignation de la direction."""
        for groupe in self._groupes:
            if groupe.table.name != "rattachement":
                continue
            profils = {ligne["profil"] for ligne in groupe.presentes.values()}
            profils |= {geste.avant.get("profil") for geste in groupe.gestes.values()}
            if Profil.DIRECTION.value in profils:
                raise AccesRefuse(
                    "cet import désigne la direction : l'académie seule l'annule.",
                    remede="le demander à l'académie.",
                )

    def blocages(self) -> Iterator[Blocage]:
        """Ce qui a changé depuis, ou s'est ajouté, et qu'il ne faut pas défaire."""
        for groupe in self._groupes:
            changees = [
                cle
                for cle, ligne in groupe.presentes.items()
                if groupe.nature is not Nature.RETRAIT and _changee(groupe, groupe.gestes[cle], ligne)
            ]
            yield from _bloquer(groupe, "changees", changees)
            if groupe.nature is Nature.MODIFICATION:
                disparues = [cle for cle in groupe.gestes if cle not in groupe.presentes]
                yield from _bloquer(groupe, "disparues", disparues)
        yield from self._designees()
        if actifs := comptes_en_usage(self._session, self.ids("personne")):
            yield _blocage("compte", "actives", actifs)

    def defaire(self) -> list[Blocage]:
        """Ôte, remet, rétablit ; rend ce qui s'y oppose encore, rien n'étant alors changé."""
        try:
            with self._session.begin_nested():
                for groupe in reversed(self._de(Nature.CREATION)):
                    self._faits[groupe.table.name, groupe.nature] = len(groupe.presentes)
                    for cles in _paquets(list(groupe.presentes)):
                        self._session.execute(delete(groupe.table).where(_parmi(groupe.table, cles)))
                for groupe in self._de(Nature.MODIFICATION):
                    self._remettre(groupe)
                for groupe in self._de(Nature.RETRAIT):
                    self._retablir(groupe)
        except IntegrityError:
            # Une seule ligne suffit à s'y opposer ; la base ne dit pas combien d'autres le feraient.
            return [_blocage(g.table.name, "occupees", len(g.gestes)) for g in self._de(Nature.RETRAIT)]
        return []

    def ecarts(self) -> tuple[Ecart, ...]:
        """Ce qui a été défait, par sorte d'objet."""
        return ecarts_des(
            {
                groupe.table.name: {
                    "ajouts": self._faits[groupe.table.name, Nature.RETRAIT],
                    "modifications": self._faits[groupe.table.name, Nature.MODIFICATION],
                    "retraits": self._faits[groupe.table.name, Nature.CREATION],
                }
                for groupe in self._groupes
            }
        )

    # --- Dedans ------------------------------------------------------------------------------------

    def _de(self, nature: Nature) -> list[_Groupe]:
        return [groupe for groupe in self._groupes if groupe.nature is nature]

    def _lire(self, table: Table, cles: list[_Cle]) -> Iterator[tuple[_Cle, Mapping[str, Any]]]:
        for paquet in _paquets(cles):
            for ligne in self._session.execute(select(table).where(_parmi(table, paquet))).mappings():
                yield tuple(ligne[c.name] for c in table.primary_key), dict(ligne)

    def _designees(self) -> Iterator[Blocage]:
        """Lignes qui tiennent à ce que le lot a créé, et que le lot n'a pas créées lui-même."""
        creees = {groupe.table.name: groupe for groupe in self._de(Nature.CREATION)}
        trouvees: defaultdict[str, set[_Cle]] = defaultdict(set)
        for renvoi in renvois_vers(self._session, creees):
            du_lot = creees.get(renvoi.table)
            for ligne in lignes_qui_designent(self._session, renvoi, self.ids(renvoi.cible)):
                if du_lot is None or _cle_de(du_lot.table, ligne) not in du_lot.gestes:
                    trouvees[renvoi.table].add(tuple(ligne.values()))
        for nom, lignes in trouvees.items():
            yield _blocage(nom, "designees", len(lignes))

    def _remettre(self, groupe: _Groupe) -> None:
        par_colonnes: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
        for cle, geste in groupe.gestes.items():
            valeurs = _valeurs(groupe.table, geste)
            cles = {f"cle_{c.name}": v for c, v in zip(groupe.table.primary_key, cle, strict=True)}
            par_colonnes[tuple(valeurs)].append({**cles, **{f"v_{nom}": v for nom, v in valeurs.items()}})
        for noms, lignes in par_colonnes.items():
            ordre = (
                update(groupe.table)
                .where(*(c == bindparam(f"cle_{c.name}") for c in groupe.table.primary_key))
                .values({nom: bindparam(f"v_{nom}") for nom in noms})
            )
            self._session.connection().execute(ordre, lignes)
        self._faits[groupe.table.name, groupe.nature] = len(groupe.gestes)

    def _retablir(self, groupe: _Groupe) -> None:
        lignes = [_valeurs(groupe.table, geste) for geste in groupe.gestes.values()]
        self._session.connection().execute(insert(groupe.table), lignes)
        self._faits[groupe.table.name, groupe.nature] = len(lignes)


def _changee(groupe: _Groupe, geste: ImportGeste, ligne: Mapping[str, Any]) -> bool:
    """La ligne n'est plus ce que le lot y a écrit."""
    noms = (
        geste.avant if groupe.nature is Nature.MODIFICATION else [c.name for c in colonnes_de(groupe.table)]
    )
    return empreinte_de({nom: ligne[nom] for nom in noms}) != geste.empreinte


def _bloquer(groupe: _Groupe, motif: str, cles: Collection[_Cle]) -> Iterator[Blocage]:
    if cles:
        citees = dict.fromkeys(groupe.gestes[cle].personne_id for cle in cles)
        personnes = tuple(p for p in citees if p is not None)[:_EXEMPLES]
        yield _blocage(groupe.table.name, motif, len(cles), personnes)


def _blocage(table: str, motif: str, nombre: int, personnes: tuple[UUID, ...] = ()) -> Blocage:
    un, plusieurs = _MOTIFS[motif]
    return Blocage(libelle_table(table), un if nombre == 1 else plusieurs, nombre, personnes)


def _valeurs(table: Table, geste: ImportGeste) -> dict[str, Any]:
    return {nom: depuis_json(table.c[nom], valeur) for nom, valeur in geste.avant.items()}


def _cle_de(table: Table, ligne: Mapping[str, Any]) -> _Cle:
    return tuple(ligne[colonne.name] for colonne in table.primary_key)


def _parmi(table: Table, cles: Collection[_Cle]) -> Any:
    return tuple_(*table.primary_key).in_(list(cles))


def _paquets(cles: list[_Cle]) -> Iterator[list[_Cle]]:
    for debut in range(0, len(cles), _PAR_FOIS):
        yield cles[debut : debut + _PAR_FOIS]
