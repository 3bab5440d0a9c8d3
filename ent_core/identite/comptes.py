"""Les comptes : création en nombre, activation, mot de passe, suspension, mise en sécurité."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, delete, func, select, text, update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.identite.codes import FicheActivation, emettre_codes
from ent_core.identite.entourage import exiger_du_titulaire
from ent_core.identite.facteurs.inventaire import oublier
from ent_core.identite.journal import consigner
from ent_core.identite.liens_personnels import retirer_tous
from ent_core.identite.modeles import (
    AdresseVerifiee,
    Compte,
    LienIdentite,
    LienSecret,
    Personne,
    SessionWeb,
)
from ent_core.identite.secrets import Coffre, empreinte_jeton
from ent_core.identite.sessions import fermer_autres, fermer_toutes, renouveler
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable, OperationRefusee

__all__ = [
    "CodeRefuse",
    "CompteActive",
    "FicheActivation",
    "SecretActuelFaux",
    "activer",
    "changer_secret",
    "creer_comptes_manquants",
    "emettre_codes",
    "exiger_de_la_personne",
    "mettre_en_securite",
    "normaliser_identifiant",
    "oublier_liens",
    "oublier_reprise",
    "remplacer_secret",
    "retablir",
    "suspendre",
]

_LONGUEUR_IDENTIFIANT = 100
_VERROU = 0x454E5443
_compte = Base.metadata.tables[Compte.__tablename__]
_c = _compte.c

# Une base n'a pas de chiffre : « prenom.nom » suivi d'un nombre ne désigne donc qu'un seul rang.
_CREER = text(
    """
    with titulaires as (
      select personne_id from rattachement
      where (cast(:uai as text) is null or uai = :uai) and (fin is null or fin > :jour)
      union
      select personne_id from role_local
      where (cast(:uai as text) is null or uai = :uai) and (fin is null or fin > :jour)
    ),
    propres as (
      select id,
        trim('-' from left(regexp_replace(ent_sans_accent(prenom), '[^a-z]+', '-', 'g'), 30)) as prenom,
        trim('-' from left(regexp_replace(ent_sans_accent(nom), '[^a-z]+', '-', 'g'), 30)) as nom
      from personne p
      where p.id in (select personne_id from titulaires)
        and trim(p.prenom) <> '' and p.sursis_depuis is null
        and not exists (select 1 from compte c where c.personne_id = p.id)
    ),
    bases as (
      select id, coalesce(nullif(prenom, ''), 'x') || '.' || coalesce(nullif(nom, ''), 'x') as base
      from propres
    ),
    pris as (
      select regexp_replace(identifiant, '[0-9]+$', '') as base,
        max(coalesce(substring(identifiant from '[0-9]+$'), '1')::numeric) as dernier
      from compte
      where regexp_replace(identifiant, '[0-9]+$', '') in (select base from bases)
      group by 1
    ),
    ranges as (
      select id, base, coalesce(dernier, 0) + row_number() over (partition by base order by id) as rang
      from bases left join pris using (base)
    ),
    crees as (
      insert into compte (personne_id, identifiant)
      select id, base || case when rang = 1 then '' else rang::text end from ranges
      returning 1
    )
    select count(*) from crees
    """
)


class CodeRefuse(OperationRefusee):
    """Le code d'activation n'est pas le bon, a servi, ou a expiré : la réponse est la même."""

    code = "ENT-CODE"


class SecretActuelFaux(DonneeInvalide):
    """Le mot de passe actuel, demandé avant d'en changer, n'est pas le bon."""

    code = "ENT-SECRET"


@dataclass(frozen=True, slots=True)
class CompteActive:
    """Le compte qu'une personne vient d'activer."""

    compte_id: UUID
    personne_id: UUID


def normaliser_identifiant(saisi: str) -> str:
    """Forme d'un identifiant : sans blanc autour, sans accent, en minuscules, en caractères simples.

    :param saisi: ce que la personne a tapé.
    """
    decompose = unicodedata.normalize("NFKD", saisi[:_LONGUEUR_IDENTIFIANT].strip().casefold())
    return "".join(c for c in decompose if c.isascii() and c.isprintable())


def creer_comptes_manquants(session: Session, horloge: Horloge, uai: str | None = None) -> int:
    """Crée le compte de chaque personne rattachée qui n'en a pas ; rend leur nombre.

    Une organisation (sans prénom) et une personne en sursis n'en ont pas. L'identifiant est
    ``prenom.nom``, suivi d'un nombre s'il est pris.

    :param uai: établissement ; par défaut tous, ce qui demande une session de l'académie.
    """
    # Deux créations simultanées donneraient le même rang à deux homonymes.
    session.execute(select(func.pg_advisory_xact_lock(_VERROU)))
    nombre: int = session.execute(_CREER, {"uai": uai, "jour": horloge.aujourd_hui()}).scalar_one()
    if nombre:
        consigner(session, horloge, "comptes.crees", uai=uai, details={"nombre": nombre})
    return nombre


def activer(
    session: Session, horloge: Horloge, coffre: Coffre, identifiant: str, code: str, nouveau_secret: str
) -> CompteActive:
    """Active un compte : le code provisoire ne sert qu'une fois, le mot de passe le remplace.

    Un mot de passe refusé ne consomme pas le code.

    :param identifiant: identifiant saisi.
    :param code: code saisi.
    :param nouveau_secret: mot de passe choisi.
    :raises CodeRefuse: identifiant inconnu, code faux, expiré ou déjà servi ; on ne dit pas lequel.
    :raises DonneeInvalide: mot de passe trop faible.
    """
    propose = coffre.sceller_code(code)
    compte = _du_compte(session, Compte.identifiant == normaliser_identifiant(identifiant))
    attendu = (compte.code_empreinte if compte else None) or coffre.sceller_code("")
    juste = hmac.compare_digest(attendu, propose)
    if (
        compte is None
        or not juste
        or compte.etat != "a_activer"
        or compte.code_expire_le is None
        or compte.code_expire_le <= horloge.maintenant()
        or compte.sursis_depuis is not None
    ):
        raise _code_refuse()
    exiger_du_titulaire(session, horloge, compte, nouveau_secret)
    active = session.scalar(
        update(_compte)
        .where(_c.id == compte.id, _c.etat == "a_activer", _c.code_empreinte == propose)
        .values(
            etat="actif",
            empreinte=coffre.hacher(nouveau_secret),
            change_le=horloge.maintenant(),
            code_empreinte=None,
            code_expire_le=None,
        )
        .returning(_c.id)
    )
    if active is None:
        raise _code_refuse()
    consigner(session, horloge, "compte.active", acteur=compte.personne_id, objet=str(compte.id))
    return CompteActive(compte.id, compte.personne_id)


def changer_secret(
    session: Session, horloge: Horloge, coffre: Coffre, jeton: str, ancien: str, nouveau: str
) -> str:
    """Change le mot de passe, ferme les autres sessions, et rend le nouveau jeton de celle-ci.

    :param jeton: jeton d'une session reconnue.
    :param ancien: mot de passe actuel.
    :param nouveau: mot de passe choisi.
    :raises AccesRefuse: session inconnue.
    :raises SecretActuelFaux: mot de passe actuel faux.
    :raises DonneeInvalide: nouveau mot de passe trop faible.
    """
    compte_id = session.scalar(select(SessionWeb.compte_id).where(SessionWeb.jeton == empreinte_jeton(jeton)))
    compte = _du_compte(session, Compte.id == compte_id)
    if compte is None:
        raise AccesRefuse("cette session est fermée.", remede="se connecter de nouveau.")
    if not coffre.verifier(compte.empreinte, ancien):
        raise SecretActuelFaux(
            "le mot de passe actuel n'est pas le bon.", remede="le saisir de nouveau.", lieu="ancien"
        )
    if coffre.verifier(compte.empreinte, nouveau):
        raise DonneeInvalide(
            "le nouveau mot de passe est le même que l'actuel.", remede="en choisir un autre.", lieu="nouveau"
        )
    exiger_du_titulaire(session, horloge, compte, nouveau)
    session.execute(
        update(_compte)
        .where(_c.id == compte.id)
        .values(empreinte=coffre.hacher(nouveau), change_le=horloge.maintenant())
    )
    oublier_liens(session, compte.id)
    fermer_autres(session, horloge, jeton)
    consigner(session, horloge, "compte.secret_change", acteur=compte.personne_id, objet=str(compte.id))
    return renouveler(session, jeton)


def suspendre(
    session: Session, horloge: Horloge, compte_id: UUID, *, uai: str | None = None, acteur: UUID | None = None
) -> None:
    """Suspend un compte, ferme ses sessions et retire ses liens personnels ; son mot de passe reste.

    :param compte_id: compte.
    :param uai: établissement qui le demande.
    :param acteur: personne qui le demande.
    :raises Introuvable: aucun compte de cet identifiant.
    """
    _modifier(session, compte_id, etat="suspendu")
    retirer_tous(session, [compte_id])
    nombre = fermer_toutes(session, compte_id)
    consigner(
        session,
        horloge,
        "compte.suspendu",
        uai=uai,
        acteur=acteur,
        objet=str(compte_id),
        details={"sessions": nombre},
    )


def retablir(
    session: Session, horloge: Horloge, compte_id: UUID, *, uai: str | None = None, acteur: UUID | None = None
) -> None:
    """Rétablit un compte suspendu, dans l'état où il était.

    :param compte_id: compte.
    :param uai: établissement qui le demande.
    :param acteur: personne qui le demande.
    :raises Introuvable: aucun compte de cet identifiant.
    """
    _modifier(session, compte_id, etat=case((_c.empreinte.is_(None), "a_activer"), else_="actif"))
    consigner(session, horloge, "compte.retabli", uai=uai, acteur=acteur, objet=str(compte_id))


def mettre_en_securite(
    session: Session, horloge: Horloge, compte_id: UUID, *, uai: str | None = None, acteur: UUID | None = None
) -> None:
    """Ferme toutes les sessions et efface le mot de passe : il faut un nouveau code pour revenir.

    Un compte suspendu le reste.

    :param compte_id: compte volé, ou dont le mot de passe est oublié.
    :param uai: établissement qui le demande.
    :param acteur: personne qui le demande.
    :raises Introuvable: aucun compte de cet identifiant.
    """
    _modifier(
        session,
        compte_id,
        etat=case((_c.etat == "suspendu", "suspendu"), else_="a_activer"),
        empreinte=None,
        code_empreinte=None,
        code_expire_le=None,
    )
    oublier_reprise(session, [compte_id])
    nombre = fermer_toutes(session, compte_id)
    consigner(
        session,
        horloge,
        "compte.mis_en_securite",
        uai=uai,
        acteur=acteur,
        objet=str(compte_id),
        details={"sessions": nombre},
    )


def oublier_reprise(session: Session, comptes: Collection[UUID]) -> None:
    """Retire adresse prouvée, liens, seconds facteurs, identités reliées : un voleur a pu les mettre.

    Un lien que l'annuaire a prouvé reste : le mot de passe volé n'a pas pu le faire.

    :param comptes: comptes mis en sécurité.
    """
    for table in (LienSecret, AdresseVerifiee):
        session.execute(delete(table).where(table.compte_id.in_(list(comptes))))
    session.execute(
        delete(LienIdentite)
        .where(
            LienIdentite.moyen == "preuve",
            LienIdentite.personne_id.in_(select(Compte.personne_id).where(Compte.id.in_(list(comptes)))),
        )
        .execution_options(synchronize_session=False)
    )
    retirer_tous(session, comptes)
    oublier(session, comptes)


def exiger_de_la_personne(session: Session, horloge: Horloge, compte_id: UUID, secret: str) -> None:
    """Refuse un mot de passe trop faible pour ce compte.

    :param compte_id: compte dont le titulaire vient d'être prouvé.
    :param secret: mot de passe choisi.
    :raises DonneeInvalide: mot de passe trop faible.
    """
    compte = _du_compte(session, Compte.id == compte_id)
    if compte is not None:
        exiger_du_titulaire(session, horloge, compte, secret)


def remplacer_secret(
    session: Session, horloge: Horloge, coffre: Coffre, compte_id: UUID, nouveau: str
) -> None:
    """Remplace le mot de passe d'un compte actif et ferme toutes ses sessions. L'appelant consigne l'acte.

    :param compte_id: compte dont le titulaire vient d'être prouvé.
    :param nouveau: mot de passe choisi, déjà accepté.
    """
    _modifier(session, compte_id, empreinte=coffre.hacher(nouveau), change_le=horloge.maintenant())
    oublier_liens(session, compte_id)
    fermer_toutes(session, compte_id)


def oublier_liens(session: Session, compte_id: UUID) -> None:
    """Efface les liens en route : qui connaissait l'ancien mot de passe a pu en demander un vers chez lui.

    :param compte_id: compte dont le mot de passe vient de changer.
    """
    session.execute(delete(LienSecret).where(LienSecret.compte_id == compte_id))


def _du_compte(session: Session, condition: ColumnElement[bool]) -> Row[*tuple[Any, ...]] | None:
    return session.execute(
        select(
            Compte.id,
            Compte.personne_id,
            Compte.identifiant,
            Compte.etat,
            Compte.empreinte,
            Compte.code_empreinte,
            Compte.code_expire_le,
            Personne.nom,
            Personne.prenom,
            Personne.naissance,
            Personne.sursis_depuis,
        )
        .join(Personne, Personne.id == Compte.personne_id)
        .where(condition)
    ).one_or_none()


def _modifier(session: Session, compte_id: UUID, **valeurs: Any) -> None:
    if session.scalar(update(_compte).where(_c.id == compte_id).values(**valeurs).returning(_c.id)) is None:
        raise Introuvable(
            "ce compte n'existe pas.", remede="vérifier l'identifiant technique.", lieu=str(compte_id)
        )


def _code_refuse() -> CodeRefuse:
    return CodeRefuse(
        "l'identifiant ou le code n'est pas le bon, ou le code a déjà servi ou a expiré.",
        remede="vérifier les deux sur la feuille remise ; sinon, demander un nouveau code à l'établissement.",
    )
