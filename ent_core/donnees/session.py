"""Moteur, sessions et unité de travail : toute requête dit qui agit, où et pourquoi.

Chaque transaction commence par un prologue qui pose, pour elle seule, le rôle de la base et
le contexte (établissement, personne, finalité). Sans contexte, la base ne montre rien : les
politiques de cloisonnement le tiennent, et une sonde le prouve au démarrage.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, Result, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction, sessionmaker, with_loader_criteria
from sqlalchemy.sql.selectable import SelectBase

from ent_core.donnees.audiences import audience
from ent_core.donnees.chiffrement import CHIFFREUR, Chiffreur, fermer_trousseau, preparer
from ent_core.donnees.colonnes import Cloisonne
from ent_core.donnees.envoi import envoyer
from ent_core.donnees.prepares import garder_prets
from ent_core.donnees.releve import Compilateur
from ent_core.donnees.reprise import veiller
from ent_core.donnees.tourniquet import OPTION, Passage, Portillon, Tourniquet, brancher
from ent_core.donnees.traduction import Traductions
from ent_core.socle.erreurs import BaseIndisponible, DonneeProtegee

__all__ = [
    "ROLE",
    "ROLE_ACADEMIE",
    "ROLE_APPLICATION",
    "ROLE_ARCHIVE",
    "BaseDeDonnees",
    "Portage",
    "base_de",
    "changer_portage",
    "lire",
    "noter_portage",
    "portage",
    "poser_tourniquet",
]

ROLE_APPLICATION = "ent_application"
"""Rôle des requêtes d'un établissement."""

ROLE_ACADEMIE = "ent_academie"
"""Rôle des actes de l'académie : imports, conservation, administration."""

ROLE_ARCHIVE = "ent_archive"
"""Rôle qui lit l'archive intermédiaire ; le compte de l'application ne peut pas le prendre."""

ROLE = "ent.role"
"""Ce que la connexion retient du rôle de base de sa transaction."""

_CLE = "ent.portage"
_CONNEXION = "ent.connexion"
_BASE = "ent.base"
_TOURNIQUET = "ent.tourniquet"
_PROLOGUE = (
    "select set_config('role', %s, true), set_config('ent.uai', %s, true),"
    " set_config('ent.personne', %s, true), set_config('ent.finalite', %s, true)"
)
_journal = logging.getLogger("ent.base")


@dataclass(frozen=True, slots=True)
class Portage:
    """Ce qu'une transaction a le droit de voir, et pourquoi.

    :param finalite: motif, écrit dans les traces ; jamais vide.
    :param uai: établissement en vigueur.
    :param personne: personne qui agit, si elle est connue.
    :param role: rôle de la base, hors du portillon.
    :param finalites: traitements et briques au titre desquels on agit ; non vide, le portillon est en
        vigueur et la base prend une audience.
    :param roles: rôles de l'ENT en vigueur, celui qui ouvre l'accès d'abord.
    :param visite: l'assistance lit à la place de la personne : rien de sensible ne lui est ouvert.
    :param traitements: seuls traitements de briques ouverts à qui lit au nom de la personne ; ``None``, ceux
        de la brique en vigueur.
    """

    finalite: str
    uai: str = ""
    personne: UUID | None = None
    role: str = ROLE_APPLICATION
    finalites: frozenset[str] = frozenset()
    roles: tuple[str, ...] = ()
    visite: bool = False
    traitements: frozenset[str] | None = None


class BaseDeDonnees:
    """Une base et ses sessions.

    :param url: connexion de l'application, dont le compte ne possède rien.
    :param connexions: connexions au plus ; par défaut, ce que tient un acte dans un acte dans un acte.
    :param traductions: énoncés déjà traduits en SQL, que des bases aux mêmes tables et au même dialecte
        partagent ; par défaut, chacune a les siens.
    """

    def __init__(
        self,
        url: str | URL,
        *,
        connexions: int = 3,
        traductions: Traductions | None = None,
    ) -> None:
        self.url = make_url(url).set(drivername="postgresql+psycopg")
        self.moteur: Engine = create_engine(
            self.url,
            pool_size=connexions,
            max_overflow=0,
            pool_use_lifo=True,  # la dernière rendue : ses énoncés sont prêts, les autres restent au repos
            hide_parameters=True,
            execution_options={} if traductions is None else {"compiled_cache": traductions.enonces},
            connect_args={
                "prepare_threshold": 1,
                "options": "-c plan_cache_mode=force_generic_plan -c timezone=UTC",
                "application_name": "ent",
            },
        )
        self.moteur.dialect.statement_compiler = Compilateur
        self.traductions = traductions or Traductions()
        self.portillon: Portillon | None = None
        self.chiffreur: Chiffreur | None = None
        self.archive: object | None = None
        self.poste: object | None = None
        self.facteurs_des_le: date | None = None
        garder_prets(self.moteur)
        veiller(self.moteur)
        brancher(self.moteur)
        self._fabrique = sessionmaker(self.moteur, expire_on_commit=False)
        event.listen(self._fabrique, "after_begin", _prologue)
        event.listen(self._fabrique, "after_commit", _valider)
        event.listen(self._fabrique, "after_transaction_end", _oublier)
        event.listen(self._fabrique, "after_transaction_end", _reecrire)
        event.listen(self._fabrique, "do_orm_execute", _cloisonner)
        event.listen(self._fabrique, "before_flush", preparer)
        event.listen(self._fabrique, "after_transaction_end", fermer_trousseau)

    def lier(self, connexion: Connection) -> None:
        """Fait passer toutes les sessions par une connexion ouverte, en points de reprise (tests).

        Rien n'est défait tant que l'appelant tient sa transaction : réécrire ailleurs s'y bloquerait.

        :param connexion: connexion dont l'appelant tient la transaction.
        """
        if event.contains(self._fabrique, "after_transaction_end", _reecrire):
            event.remove(self._fabrique, "after_transaction_end", _reecrire)
        self._fabrique.configure(bind=connexion, join_transaction_mode="create_savepoint")

    def session(self, portage: Portage) -> Session:
        """Ouvre une session ; l'appelant la ferme.

        :param portage: ce que ses transactions peuvent voir.
        """
        return self._fabrique(info={_CLE: portage, _BASE: self, CHIFFREUR: self.chiffreur})

    @contextmanager
    def unite(self, portage: Portage) -> Iterator[Session]:
        """Unité de travail : tout est validé à la sortie, ou rien.

        :param portage: ce que la transaction peut voir.
        :raises BaseIndisponible: la base ne répond pas.
        """
        with self.session(portage) as session:
            try:
                yield session
                session.commit()
            except OperationalError as erreur:
                session.rollback()
                raise base_indisponible(erreur) from erreur
            except BaseException:
                session.rollback()
                raise

    @contextmanager
    def ecole(self, uai: str, finalite: str, personne: UUID | None = None) -> Iterator[Session]:
        """Unité de travail dans un établissement.

        :param uai: établissement.
        :param finalite: motif de l'accès.
        :param personne: personne qui agit.
        """
        with self.unite(Portage(finalite, uai=uai, personne=personne)) as session:
            yield session

    @contextmanager
    def academie(self, finalite: str) -> Iterator[Session]:
        """Unité de travail sur toutes les écoles ; chaque ouverture est tracée avec son motif.

        :param finalite: motif de l'accès.
        """
        _journal.info("acces_academie", extra={"finalite": finalite})
        with self.unite(Portage(finalite, role=ROLE_ACADEMIE)) as session:
            yield session

    def a_la_table(self, nom: str) -> bool:
        """Vrai si la table existe ; ne demande aucun droit sur elle.

        :param nom: nom de table.
        :raises BaseIndisponible: la base ne répond pas.
        """
        with connecter(self.moteur) as connexion:
            trouvee = connexion.exec_driver_sql("select to_regclass(%s)::text", (f"public.{nom}",))
            return trouvee.scalar() is not None

    def fermer(self) -> None:
        """Rend les connexions."""
        self.moteur.dispose()


@contextmanager
def connecter(moteur: Engine) -> Iterator[Connection]:
    """Connexion nue, pour lire le catalogue : une panne y devient une phrase.

    :param moteur: moteur de l'application.
    :raises BaseIndisponible: la base ne répond pas.
    """
    try:
        with moteur.connect() as connexion:
            yield connexion
    except OperationalError as erreur:
        raise base_indisponible(erreur) from erreur


def base_indisponible(erreur: OperationalError) -> BaseIndisponible:
    """Traduit une panne de connexion, sans en montrer l'adresse ni le mot de passe.

    :param erreur: erreur du pilote.
    """
    return BaseIndisponible(
        f"la base de données ne répond pas ou a coupé la connexion ({type(erreur.orig).__name__}).",
        remede="vérifier que PostgreSQL tourne et que ENT_BASE désigne la bonne base, puis réessayer.",
    )


def portage(session: Session) -> Portage:
    """Ce que la session peut voir.

    :param session: session ouverte par ``BaseDeDonnees``.
    """
    actuel: Portage = session.info[_CLE]
    return actuel


def base_de(session: Session) -> BaseDeDonnees:
    """Base dont vient une session.

    :param session: session ouverte par ``BaseDeDonnees``.
    """
    trouvee: BaseDeDonnees = session.info[_BASE]
    return trouvee


def changer_portage(session: Session, **valeurs: Any) -> None:
    """Précise le contexte au cours d'une transaction, une fois la personne reconnue.

    :param session: session ouverte.
    :param valeurs: champs de ``Portage`` à remplacer.
    """
    noter_portage(session, **valeurs)
    _etablir(session, session.connection())


def noter_portage(session: Session, **valeurs: Any) -> None:
    """Retient un contexte que l'énoncé en cours a déjà posé dans la base.

    :param session: session ouverte.
    :param valeurs: champs de ``Portage`` à remplacer.
    """
    session.info[_CLE] = replace(portage(session), **valeurs)


def lire(session: Session, enonce: SelectBase, parametres: Mapping[str, Any]) -> Result[*tuple[Any, ...]]:
    """Exécute une lecture fréquente, bâtie une fois à l'import, sans passer par l'ORM.

    Le critère d'établissement n'y est pas ajouté : l'énoncé le porte, et la base le tient de toute façon.

    :param session: session ouverte.
    :param enonce: énoncé sur les tables, non sur les classes ; ses listes sont des tableaux.
    :param parametres: valeurs liées.
    """
    connexion: Connection = session.info.get(_CONNEXION) or session.connection()
    base: BaseDeDonnees = session.info[_BASE]
    return base.traductions.de(enonce, base.moteur.dialect).executer(connexion, parametres)


def poser_tourniquet(session: Session, *, aussitot: bool) -> None:
    """Donne au tourniquet le juge du portage (voir ``ent_core.donnees.sous_portillon``).

    :param session: session ouverte.
    :param aussitot: la base prend l'audience dès maintenant, même si le prochain énoncé échappe au juge.
    """
    actuel = portage(session)
    connexion: Connection | None = session.info.get(_CONNEXION)
    tourniquet: Tourniquet | None = session.info.get(_TOURNIQUET)
    if tourniquet is None:
        tourniquet = session.info[_TOURNIQUET] = Tourniquet(actuel.role, actuel.finalite)
        if connexion is not None:
            connexion.execution_options(**{OPTION: tourniquet})
    tourniquet.uai, tourniquet.personne, tourniquet.visite = actuel.uai, actuel.personne, actuel.visite
    if not actuel.finalites:
        tourniquet.lever(None)
        return
    portillon: Portillon | None = session.info[_BASE].portillon
    juge = portillon.juge(actuel.finalites, actuel.roles) if portillon else _sans_portillon
    tourniquet.lever(juge, _motif(actuel), _audience(actuel))
    if aussitot and connexion is not None:
        tourniquet.poser(connexion, _audience(actuel))


def _sans_portillon(_compile: Any) -> Passage:
    raise DonneeProtegee(
        "aucun portillon n'est posé sur cette base : rien ne peut être lu au titre d'une brique.",
        remede="assembler l'application par create_app, ou poser BaseDeDonnees.portillon.",
    )


def _audience(actuel: Portage) -> str:
    return audience(actuel.roles[0] if actuel.roles else "") if actuel.finalites else actuel.role


def _motif(actuel: Portage) -> str:
    """Motif écrit dans les traces : la brique, dont le nom est la finalité la plus courte."""
    return min(actuel.finalites, key=lambda cle: ("." in cle, cle)) if actuel.finalites else actuel.finalite


def _valider(session: Session) -> None:
    """Une transaction entière est validée ; un point de reprise rendu à la sienne ne l'est pas encore."""
    tourniquet: Tourniquet | None = session.info.get(_TOURNIQUET)
    if tourniquet is not None and not session.in_nested_transaction():
        tourniquet.sauvetage.valider()


def _prologue(session: Session, _transaction: SessionTransaction, connexion: Connection) -> None:
    session.info[_CONNEXION] = connexion
    _etablir(session, connexion)


def _etablir(session: Session, connexion: Connection) -> None:
    """Pose dans la base ce que dit le portage ; le tourniquet, s'il en faut un, ne juge pas cet ordre-là."""
    actuel = portage(session)
    en_vigueur: Tourniquet | None = connexion.get_execution_options().get(OPTION)
    if en_vigueur is not None:
        en_vigueur.noter(connexion)
        connexion.execution_options(**{OPTION: None})
    connexion.info[ROLE] = actuel.role
    envoyer(
        connexion, _PROLOGUE,
        (_audience(actuel), actuel.uai, str(actuel.personne or ""), _motif(actuel)),
    )  # fmt: skip
    if actuel.finalites or _TOURNIQUET in session.info:
        poser_tourniquet(session, aussitot=False)
        tourniquet: Tourniquet = session.info[_TOURNIQUET]
        tourniquet.role, tourniquet.finalite = actuel.role, actuel.finalite
        tourniquet.posee(_audience(actuel))
        connexion.execution_options(**{OPTION: tourniquet})


def _oublier(session: Session, transaction: SessionTransaction) -> None:
    """La connexion n'est à la session que le temps d'une transaction."""
    if transaction.parent is None:
        session.info.pop(_CONNEXION, None)


def _reecrire(session: Session, transaction: SessionTransaction) -> None:
    """Ce qu'une transaction défaite a emporté, et qui doit rester noté, se réécrit après elle."""
    tourniquet: Tourniquet | None = session.info.get(_TOURNIQUET)
    if transaction.parent is None and tourniquet is not None:
        tourniquet.sauvetage.rendre(session.info[_BASE].moteur)


def _cloisonner(etat: ORMExecuteState) -> None:
    """Ajoute le critère d'établissement à chaque énoncé de l'ORM : de bons plans et des 404 nets.

    La sécurité, elle, est tenue par la base.
    """
    uai = portage(etat.session).uai
    if uai and (etat.is_select or etat.is_update or etat.is_delete):
        etat.statement = etat.statement.options(
            with_loader_criteria(Cloisonne, lambda classe: classe.uai == uai, include_aliases=True)
        )
