"""L'effacement d'une personne, lien par lien, recompté, et inscrit pour être refait après une restauration.

Propriétaire : la ligne part, ou devient anonyme si son traitement le veut ; partagée, elle reste sans elle.
Auteur ou tiers : la ligne reste, et ne la désigne plus. Un journal perd ce qui la désigne par une fonction de
la base qui n'agit que dans la transaction d'un effacement inscrit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, delete, false, func, not_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.schema import sort_tables
from sqlalchemy.sql.selectable import NamedFromClause

from ent_core.contrat.donnees import Lien, Sort, Sujet
from ent_core.contrat.resultats import Bilan
from ent_core.donnees.base import Base, declaration
from ent_core.donnees.declencheurs_sql import TRACES
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import ActeJournal
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import OperationRefusee
from ent_core.vie_privee.archive.lecture import oublier, traitements_archives
from ent_core.vie_privee.conservation.expressions import existe, rejoindre
from ent_core.vie_privee.conservation.gels import partager_verrou
from ent_core.vie_privee.conservation.regles import valeurs_anonymes
from ent_core.vie_privee.droits.graphe import Place, compter, places
from ent_core.vie_privee.droits.livre import LigneDuLivre, Livre
from ent_core.vie_privee.droits.modeles import Effacement
from ent_core.vie_privee.droits.verdict import ANNUAIRE, ENTIERS, Fondement, Verdict, examiner
from ent_core.vie_privee.registre import Registre

__all__ = ["Briques", "Efface", "effacer"]

_PROFONDEUR = 4
_SANS_MEMOIRE = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Briques:
    """Les briques qui ont leur propre effacement, ouvertes ou non.

    :param qui: leurs identifiants.
    :param bornees: celles qui savent n'effacer que pour un établissement.
    :param appeler: appelle ``ent_effacer_personne`` de l'une : (session, brique, personne, motif, uai).
    """

    qui: frozenset[str]
    bornees: frozenset[str]
    appeler: Callable[[Session, str, UUID, str, str | None], Bilan]


@dataclass(slots=True)
class Efface:
    """Ce qu'un effacement a fait.

    :param supprimees, anonymisees, videes: lignes par table.
    :param briques: ce que chaque brique dit avoir effacé elle-même.
    :param cles: clés détruites ensuite au coffre ; ``None`` tant que ce n'est pas fait.
    """

    id: UUID
    verdicts: list[Verdict]
    supprimees: dict[str, int] = field(default_factory=dict)
    anonymisees: dict[str, int] = field(default_factory=dict)
    videes: dict[str, int] = field(default_factory=dict)
    briques: dict[str, Bilan] = field(default_factory=dict)
    cles: int | None = None

    @property
    def total(self) -> int:
        """Lignes touchées."""
        return sum(sum(d.values()) for d in (self.supprimees, self.anonymisees, self.videes))


def effacer(
    session: Session,
    horloge: Horloge,
    registre: Registre,
    livre: Livre,
    personne: UUID,
    fondement: Fondement,
    *,
    briques: Briques,
    traitements: Collection[str] = (),
    uai: str | None = None,
    acteur: UUID | None = None,
    rejoue: LigneDuLivre | None = None,
) -> Efface:
    """Efface ce qui peut l'être, dans la transaction de l'appelant, qui valide puis confirme au livre.

    :param session: session de l'académie.
    :param livre: livre des effacements ; l'annonce s'y écrit ici.
    :param briques: celles qui effacent ce que la règle générale ne voit pas.
    :param traitements: ceux que la demande vise ; vide, tous.
    :param uai: établissement ; ``None``, tous.
    :param acteur: personne qui décide.
    :param rejoue: inscription refaite après une restauration : ses traitements, sans nouvel examen.
    :raises OperationRefusee: rien ne peut être effacé, une brique refuse ou ment, ou il reste quelque chose.
    """
    partager_verrou(session)
    if rejoue is None:
        verdicts = examiner(session, registre, personne, fondement, traitements=traitements, uai=uai)
        vises = {v.traitement for v in verdicts if v.efface}
        inscrits = set(vises)
        if fondement in ENTIERS:
            # Un traitement sans ligne à présent peut en avoir dans une sauvegarde : il est inscrit aussi.
            tous = set(traitements) or set(registre.traitements) | traitements_archives(
                session, personne, uai
            )
            inscrits |= tous - {v.traitement for v in verdicts}
    else:
        verdicts, inscrits = [], set(rejoue.traitements)
        vises = inscrits & set(registre.traitements)
    if not vises and not inscrits & traitements_archives(session, personne, uai):
        raise OperationRefusee(
            "rien ne peut être effacé : " + " ".join(f"{v.intitule} : {v.motif}" for v in verdicts),
            remede="répondre par ce refus motivé, avec les voies de recours.",
        )
    efface = Efface(rejoue.id if rejoue else _nouvel_id(session), verdicts)
    if rejoue is None:
        livre.annoncer(
            LigneDuLivre(
                efface.id, livre.jeton(personne), fondement.value, tuple(sorted(inscrits)), uai,
                horloge.maintenant().isoformat(), livre.repere,
            )
        )  # fmt: skip
    inscription = Effacement(
        id=efface.id, jeton=livre.jeton(personne), fondement=fondement.value, traitements=sorted(inscrits),
        uai=uai, rejoue=rejoue is not None, le=horloge.maintenant(),
    )  # fmt: skip
    session.add(inscription)
    session.flush()
    visees = [
        place
        for place in places(registre)
        if place.traitement in vises and (uai is None or "uai" in place.table.c)
    ]
    efface.briques = _par_les_briques(session, registre, visees, personne, fondement, briques, uai)
    for place in _ordre(visees):
        sort = registre.traitements[place.traitement].conservation.sort
        _Geste(session, place, personne, uai, efface, anonymise=sort is Sort.ANONYMISER).faire()
    efface.supprimees |= oublier(session, personne, inscrits, uai)
    if ANNUAIRE in vises:
        _oublier_des_journaux(session, personne, efface)
    _recompter(session, visees, personne, uai)
    consigner(
        session, horloge, "personne.effacee" if ANNUAIRE in vises else "donnees.effacees",
        uai=uai, acteur=acteur, objet=str(efface.id),
        details={"fondement": fondement.value, "lignes": efface.total, "rejoue": rejoue is not None},
    )  # fmt: skip
    session.flush()
    return efface


class _Geste:
    """Ce qui est fait d'une table."""

    def __init__(
        self, session: Session, place: Place, personne: UUID, uai: str | None, efface: Efface, *,
        anonymise: bool,
    ) -> None:  # fmt: skip
        self._session = session
        self._table = place.table
        self._personne = personne
        self._uai = uai
        self._efface = efface
        declaree = declaration(place.table)
        self._sujets = declaree.sujets if declaree else ()
        self._journal = bool(declaree and declaree.ajout_seul) and place.table.name not in TRACES
        self._anonymise = anonymise

    def faire(self) -> None:
        for sujet in self._sujets:
            if sujet.lien is not Lien.PROPRIETAIRE and not sujet.par:
                self._vider(sujet)
        if self._journal or self._table.name in TRACES:
            for sujet in self._sujets:
                if sujet.lien is Lien.PROPRIETAIRE and not sujet.par:
                    self._oter_du_journal(sujet)
            return
        condition = _a_supprimer(self._table, self._table, self._personne)
        if self._anonymise:
            self._compte(self._efface.anonymisees, self._anonymiser(condition))
        else:
            self._compte(self._efface.supprimees, delete(self._table).where(self._ici(condition)))
        for sujet in self._sujets:  # une ligne partagée reste, sans elle
            if sujet.lien is Lien.PROPRIETAIRE and not sujet.par and self._table.c[sujet.colonne].nullable:
                self._vider(sujet)

    def _vider(self, sujet: Sujet) -> None:
        colonne = self._table.c[sujet.colonne]
        if self._journal or self._table.name in TRACES:
            self._par_la_base(self._efface.videes, sujet.colonne, oter=False)
            return
        condition = self._ici(colonne == self._personne)
        if not colonne.nullable:
            if self._session.scalar(select(func.count()).select_from(self._table).where(condition)):
                raise OperationRefusee(
                    "cette colonne désigne la personne et ne peut pas être vidée : rien n'est effacé.",
                    remede="la déclarer sans obligation, ou implanter ent_effacer_personne dans sa brique.",
                    lieu=f"table {self._table.name}, colonne {colonne.name}",
                )
            return
        self._compte(self._efface.videes, update(self._table).where(condition).values({sujet.colonne: None}))

    def _oter_du_journal(self, sujet: Sujet) -> None:
        self._par_la_base(self._efface.supprimees, sujet.colonne, oter=True)

    def _par_la_base(self, compte: dict[str, int], colonne: str, *, oter: bool) -> None:
        nombre = self._session.scalar(
            select(
                func.ent_oublier(self._table.name, colonne, self._personne, self._efface.id, oter, self._uai)
            )
        )
        _ajouter(compte, self._table.name, int(nombre or 0))

    def _anonymiser(self, condition: ColumnElement[bool]) -> Any:
        return update(self._table).where(self._ici(condition)).values(valeurs_anonymes(self._table))

    def _ici(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        return condition if self._uai is None else and_(condition, self._table.c.uai == self._uai)

    def _compte(self, compte: dict[str, int], enonce: Any) -> None:
        try:
            with self._session.begin_nested():
                resultat: Any = self._session.execute(enonce, execution_options=_SANS_MEMOIRE)
        except IntegrityError as erreur:
            raise OperationRefusee(
                "des lignes qui restent s'appuient sur celles-ci : rien n'est effacé.",
                remede="corriger « ondelete », ou implanter ent_effacer_personne dans la brique.",
                lieu=f"table {self._table.name}",
            ) from erreur
        _ajouter(compte, self._table.name, int(resultat.rowcount))


def _a_supprimer(
    table: Table, alias: Table | NamedFromClause, personne: UUID, profondeur: int = 0
) -> ColumnElement[bool]:
    """La ligne part : elle est à la personne, sans autre propriétaire ; ou sa ligne mère part."""
    declaree = declaration(table)
    conditions: list[ColumnElement[bool]] = []
    for sujet in declaree.sujets if declaree else ():
        if sujet.lien is not Lien.PROPRIETAIRE:
            continue
        if sujet.par:
            if profondeur < _PROFONDEUR:
                menante = Base.metadata.tables[sujet.par]
                autre = menante.alias()
                suite = _a_supprimer(menante, autre, personne, profondeur + 1)
                conditions.append(existe([autre], rejoindre(table, alias, sujet, autre), suite))
            continue
        colonne = alias.c[sujet.colonne]
        mienne = colonne == personne
        if table.c[sujet.colonne].nullable:
            conditions.append(and_(mienne, not_(_gardee(table, alias, personne, sujet))))
        else:
            conditions.append(mienne)
    return or_(*conditions) if conditions else false()


def _gardee(table: Table, alias: Table | NamedFromClause, personne: UUID, sauf: Sujet) -> ColumnElement[bool]:
    """Une autre personne est propriétaire de la ligne."""
    declaree = declaration(table)
    autres = [
        and_(alias.c[s.colonne].is_not(None), alias.c[s.colonne] != personne)
        for s in (declaree.sujets if declaree else ())
        if s.lien is Lien.PROPRIETAIRE and not s.par and s is not sauf
    ]
    return or_(*autres) if autres else false()


def _ordre(visees: list[Place]) -> Iterator[Place]:
    """Une ligne part avant celles sur lesquelles elle s'appuie ; les traces à la fin."""
    par_table = {place.table: place for place in visees}
    triees = [par_table[table] for table in reversed(sort_tables(par_table))]
    yield from (place for place in triees if place.table.name not in TRACES)
    yield from (place for place in triees if place.table.name in TRACES)


def _oublier_des_journaux(session: Session, personne: UUID, efface: Efface) -> None:
    """Le journal des actes nomme aussi la personne comme objet d'un acte."""
    journal = ActeJournal.__tablename__
    nombre = session.scalar(select(func.ent_oublier(journal, "objet", personne, efface.id, False)))
    _ajouter(efface.videes, journal, int(nombre or 0))


def _par_les_briques(
    session: Session,
    registre: Registre,
    visees: list[Place],
    personne: UUID,
    fondement: Fondement,
    briques: Briques,
    uai: str | None,
) -> dict[str, Bilan]:
    """Chaque brique dont tout est visé efface ce qu'elle est seule à connaître ; elle est recomptée."""
    vises = {place.traitement for place in visees}
    bilans: dict[str, Bilan] = {}
    for brique in sorted(briques.qui):
        siens = {cle for cle in registre.traitements if cle.partition(".")[0] == brique}
        if not siens or not siens <= vises | _sans_table(registre, siens):
            continue
        if uai is not None and brique not in briques.bornees:
            raise OperationRefusee(
                f"la brique « {brique} » n'efface que pour toute l'académie : rien n'est effacé.",
                remede="demander l'effacement pour toute l'académie, ou faire lire « uai » à son crochet"
                " ent_effacer_personne.",
                lieu=f"brique {brique}",
            )
        tables = [p.table for p in visees if p.brique == brique]
        avant = _totaux(session, tables)
        bilan = briques.appeler(session, brique, personne, fondement.value, uai)
        if bilan.refus:
            raise OperationRefusee(
                f"la brique « {brique} » refuse : {bilan.refus}",
                remede="régler ce qu'elle demande, ou répondre par ce refus ; rien n'est effacé.",
                lieu=f"brique {brique}",
            )
        apres = _totaux(session, tables)
        parties = {nom: avant[nom] - apres[nom] for nom in avant}
        dites = {nom: bilan.comptes.get(nom, 0) for nom in avant}
        if any(parties[nom] > dites[nom] for nom in parties):
            raise OperationRefusee(
                f"la brique « {brique} » a effacé plus qu'elle ne dit : dites {dites}, parties {parties}.",
                remede="corriger ent_effacer_personne ; rien n'est effacé.",
                lieu=f"brique {brique}",
            )
        bilans[brique] = bilan
    return bilans


def _sans_table(registre: Registre, cles: set[str]) -> set[str]:
    """Traitements dont aucune table ne mène à une personne : rien ne les retient."""
    return cles - {place.traitement for place in places(registre)}


def _totaux(session: Session, tables: list[Table]) -> dict[str, int]:
    session.flush()
    return {t.name: session.scalar(select(func.count()).select_from(t)) or 0 for t in tables}


def _recompter(session: Session, visees: list[Place], personne: UUID, uai: str | None) -> None:
    session.expire_all()
    restes = {p.table.name: n for p in visees if (n := compter(session, p, personne, uai, communes=False))}
    if restes:
        raise OperationRefusee(
            "il resterait des lignes qui désignent la personne : rien n'est effacé.",
            remede="signaler cette anomalie ; la déclaration de ces tables ne suffit pas.",
            lieu=", ".join(f"{nom} ({nombre})" for nom, nombre in restes.items()),
        )


def _ajouter(compte: dict[str, int], table: str, nombre: int) -> None:
    if nombre:
        compte[table] = compte.get(table, 0) + nombre


def _nouvel_id(session: Session) -> UUID:
    identifiant: UUID | None = session.scalar(select(func.ent_uuid7()))
    assert identifiant is not None  # noqa: S101 - la base en rend toujours un
    return identifiant
