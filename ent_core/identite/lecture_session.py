"""L'énoncé qui reconnaît une session : sa vie, son niveau, et au titre de qui elle agit.

Une session *en attente* (niveau 0) n'a montré que sa première preuve : elle ne porte ni établissement ni
droit, et ne vit que dix minutes. Une session *en visite* porte, un quart d'heure au plus, le titre d'une
autre personne ; l'agent de l'assistance qui l'a ouverte reste connu, et le jeton est le sien.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    DateTime,
    LargeBinary,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    select,
)

from ent_core.donnees.base import Base
from ent_core.identite.modeles import (
    AccesSupport,
    Compte,
    Etablissement,
    LienIdentite,
    Personne,
    SessionFederee,
    SessionWeb,
    SuspensionProfil,
)
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Sessions

__all__ = [
    "CHAMPS",
    "DEUX_PREUVES",
    "DUREE_ATTENTE",
    "DUREE_SUPPORT",
    "EN_ATTENTE",
    "RECONNAITRE",
    "UNE_PREUVE",
    "VIVANTE",
    "SessionReconnue",
    "limites",
]

EN_ATTENTE, UNE_PREUVE, DEUX_PREUVES = 0, 1, 2
"""Niveaux d'une session."""

DUREE_ATTENTE = timedelta(minutes=10)
"""Temps laissé pour donner le second facteur."""

DUREE_SUPPORT = timedelta(minutes=15)
"""Durée d'une visite de l'assistance."""

_PARTAGEE = timedelta(minutes=20)

_table = Base.metadata.tables[SessionWeb.__tablename__]
_s = _table.c
_compte = Compte.__table__.c
_personne = Personne.__table__.c
_etablissement = Etablissement.__table__.c

_visite = AccesSupport.__table__.c
_suspension = SuspensionProfil.__table__.c
_federee = SessionFederee.__table__.c
_lien = LienIdentite.__table__.c


def _instant(nom: str) -> BindParameter[datetime]:
    return bindparam(nom, type_=DateTime(timezone=True))


VIVANTE = and_(
    _s.vue_le > case((_s.partagee, _instant("partagee_depuis")), else_=_instant("inactive_depuis")),
    _s.creee_le
    > case((_s.niveau == EN_ATTENTE, _instant("attendue_depuis")), else_=_instant("ouverte_depuis")),
)
_EN_VISITE = and_(
    _visite.id == _s.support_id,
    _visite.ferme_le.is_(None),
    _visite.ouvert_le > _instant("visitee_depuis"),
    _visite.par == _s.personne_id,
)
# Au titre de qui la session agit : la personne vue par l'assistance, ou son titulaire. Calculé à part : sous
# le cloisonnement, la base ne cherche pas d'une expression dans un index, et lirait toutes les personnes.
_vue = (
    select(
        _table,
        func.coalesce(_visite.personne_id, _s.personne_id).label("vue_id"),
        case((_s.niveau > EN_ATTENTE, func.coalesce(_visite.uai, _s.uai))).label("vu_uai"),
        func.coalesce(_visite.profil, _s.profil).label("vu_profil"),
        _visite.par.label("support"),
        _visite.ouvert_le.label("support_depuis"),
    )
    .select_from(_table)
    .outerjoin(AccesSupport.__table__, _EN_VISITE)
    .where(_s.jeton == bindparam("jeton", type_=LargeBinary), VIVANTE)
    .cte("vue")
    .prefix_with("materialized")
)
_v = _vue.c

_SUSPENDU = exists().where(
    _suspension.uai == _v.uai, _suspension.profil == _v.profil, _suspension.rouvert_le.is_(None)
)
# Le fournisseur d'identité nomme d'autres fiches de la même personne : un autre annuaire, d'autres enfants.
_AUTRES_FICHES = exists().where(
    _federee.session_id == _v.id,
    _lien.emetteur == _federee.emetteur,
    _lien.sujet == _federee.sujet,
    _lien.personne_id != _v.personne_id,
)

RECONNAITRE = (
    select(
        _v.id,
        _compte.id.label("compte_id"),
        _v.vue_id.label("personne_id"),
        _compte.identifiant,
        _compte.theme,
        _personne.nom,
        _personne.prenom,
        _v.vu_uai.label("uai"),
        _etablissement.nom.label("etablissement_nom"),
        _v.vu_profil.label("profil"),
        _v.methode,
        _v.creee_le,
        _v.vue_le,
        _v.niveau,
        _v.preuves,
        _v.prouvee_le,
        _v.partagee,
        _v.support,
        _v.support_depuis,
        _SUSPENDU.label("suspendu"),
        _AUTRES_FICHES.label("autres_fiches"),
        # Le contexte est posé par la lecture même : une requête de moins à chaque page.
        func.set_config("ent.uai", func.coalesce(_v.vu_uai, ""), True),
        func.set_config("ent.personne", cast(_v.vue_id, Text), True),
    )
    .select_from(_vue)
    .join(Compte.__table__, _compte.personne_id == _v.vue_id)
    .join(Personne.__table__, _personne.id == _v.vue_id)
    .outerjoin(Etablissement.__table__, _etablissement.uai == _v.vu_uai)
    .where(_compte.etat != "suspendu", _personne.sursis_depuis.is_(None))
)
CHAMPS = 21
"""Colonnes de la session, avant les réglages que l'énoncé pose."""


@dataclass(frozen=True, slots=True)
class SessionReconnue:
    """Ce qu'une requête doit savoir de la session qui la porte.

    :param uai: établissement choisi ; ``None`` tant que la personne n'a pas choisi.
    :param profil: profil choisi, avec ``uai``.
    :param creee_le: instant de la connexion.
    :param vue_le: dernière requête connue, à une minute près.
    :param niveau: nombre de preuves données ; zéro, le second facteur est attendu.
    :param preuves: moyens prouvés, séparés par un espace.
    :param prouvee_le: dernière preuve, avant un acte sensible.
    :param partagee: poste partagé, où l'on reste moins longtemps.
    :param support: personne de l'assistance qui voit l'ENT à la place de celle-ci.
    :param suspendu: la connexion de ce profil est suspendue dans cet établissement.
    :param autres_fiches: le fournisseur d'identité nomme d'autres fiches de la même personne.
    """

    id: UUID
    compte_id: UUID
    personne_id: UUID
    identifiant: str
    theme: str
    nom: str
    prenom: str | None
    uai: str | None
    etablissement_nom: str | None
    profil: str | None
    methode: str
    creee_le: datetime
    vue_le: datetime
    niveau: int = UNE_PREUVE
    preuves: str = ""
    prouvee_le: datetime | None = None
    partagee: bool = False
    support: UUID | None = None
    support_depuis: datetime | None = None
    suspendu: bool = False
    autres_fiches: bool = False

    @property
    def support_fin(self) -> datetime | None:
        """Terme de la visite de l'assistance."""
        return self.support_depuis + DUREE_SUPPORT if self.support_depuis else None


def limites(horloge: Horloge, durees: Sessions) -> dict[str, datetime]:
    """Valeurs liées de ``VIVANTE`` et de ``RECONNAITRE`` à cet instant.

    :param durees: durées d'inactivité et absolue.
    """
    instant = horloge.maintenant()
    return {
        "inactive_depuis": instant - timedelta(minutes=durees.inactivite),
        "ouverte_depuis": instant - timedelta(hours=durees.duree),
        "partagee_depuis": instant - min(_PARTAGEE, timedelta(minutes=durees.inactivite)),
        "attendue_depuis": instant - DUREE_ATTENTE,
        "visitee_depuis": instant - DUREE_SUPPORT,
    }
