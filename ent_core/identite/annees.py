"""Les années scolaires et les périodes d'un établissement."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.identite.journal import consigner
from ent_core.identite.modeles import AnneeScolaire, Etablissement, Periode
from ent_core.socle.calendrier import Horloge, libelle_annee
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee

__all__ = ["annees", "definir_annee", "definir_periode", "periodes", "retirer_periode"]

_DUREE_MAXIMALE = 400


def annees(session: Session, uai: str) -> list[AnneeScolaire]:
    """Années d'un établissement, la plus récente d'abord.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    """
    return list(
        session.scalars(
            select(AnneeScolaire).where(AnneeScolaire.uai == uai).order_by(AnneeScolaire.annee.desc())
        )
    )


def periodes(session: Session, uai: str) -> list[Periode]:
    """Périodes d'un établissement, dans l'ordre des années puis des rangs.

    :param session: session de l'établissement, ou de l'académie.
    :param uai: établissement.
    """
    enonce = select(Periode).where(Periode.uai == uai).order_by(Periode.annee.desc(), Periode.rang)
    return list(session.scalars(enonce))


def definir_annee(
    session: Session, horloge: Horloge, uai: str, annee: int, *, debut: date, fin: date, acteur: UUID
) -> None:
    """Crée une année scolaire, ou en change les dates.

    :param annee: première année civile.
    :param debut: premier jour.
    :param fin: lendemain du dernier jour.
    :param acteur: personne qui décide.
    :raises Introuvable: établissement inconnu.
    :raises DonneeInvalide: dates à l'envers, ou hors de l'année.
    :raises OperationRefusee: une période déborderait des nouvelles dates.
    """
    if session.get(Etablissement, uai) is None:
        raise Introuvable(f"l'établissement {uai} est inconnu.", remede="vérifier le code UAI.")
    if not (debut < fin and debut.year == annee and (fin - debut).days <= _DUREE_MAXIMALE):
        raise DonneeInvalide(
            f"les dates ne sont pas celles de l'année {libelle_annee(annee)}.",
            remede=f"commencer en {annee}, finir après le début, treize mois après au plus.",
        )
    if any(p.annee == annee and (p.debut < debut or p.fin > fin) for p in periodes(session, uai)):
        raise OperationRefusee(
            "une période déborderait de l'année.", remede="changer d'abord les dates de la période."
        )
    trouvee = session.get(AnneeScolaire, (uai, annee))
    if trouvee is None:
        session.add(AnneeScolaire(uai=uai, annee=annee, debut=debut, fin=fin))
    else:
        trouvee.debut, trouvee.fin = debut, fin
    session.flush()
    _consigner(session, horloge, "annee.definie", uai, annee, debut, fin, acteur)


def definir_periode(
    session: Session,
    horloge: Horloge,
    uai: str,
    annee: int,
    *,
    rang: int,
    libelle: str,
    debut: date,
    fin: date,
    acteur: UUID,
) -> None:
    """Crée la période d'un rang, ou la change ; deux périodes ne se chevauchent pas.

    :param annee: première année civile ; elle est déjà définie.
    :param rang: 1 pour la première période.
    :param libelle: « Premier trimestre ».
    :param debut: premier jour.
    :param fin: lendemain du dernier jour.
    :param acteur: personne qui décide.
    :raises Introuvable: année non définie.
    :raises DonneeInvalide: dates à l'envers ou hors de l'année, ou nom absent.
    :raises OperationRefusee: une autre période couvre ces dates.
    """
    an = session.get(AnneeScolaire, (uai, annee))
    if an is None:
        raise Introuvable(
            f"l'année {libelle_annee(annee)} n'est pas définie ici.", remede="la définir d'abord."
        )
    if not (libelle.strip() and debut < fin and an.debut <= debut and fin <= an.fin):
        raise DonneeInvalide(
            "le nom manque, ou les dates sortent de l'année.",
            remede="donner un nom, et des dates prises dans l'année scolaire.",
        )
    de_l_annee = [p for p in periodes(session, uai) if p.annee == annee]
    if any(p.rang != rang and p.debut < fin and debut < p.fin for p in de_l_annee):
        raise OperationRefusee("une autre période couvre ces dates.", remede="choisir d'autres dates.")
    trouvee = next((p for p in de_l_annee if p.rang == rang), None)
    if trouvee is None:
        trouvee = Periode(uai=uai, annee=annee, rang=rang)
        session.add(trouvee)
    trouvee.libelle, trouvee.debut, trouvee.fin = libelle.strip(), debut, fin
    session.flush()
    _consigner(session, horloge, "periode.definie", uai, annee, debut, fin, acteur)


def retirer_periode(
    session: Session, horloge: Horloge, uai: str, annee: int, rang: int, acteur: UUID
) -> None:
    """Retire une période.

    :param annee: première année civile.
    :param rang: rang de la période.
    :param acteur: personne qui décide.
    :raises Introuvable: il n'y a pas de période de ce rang.
    """
    trouvee = next((p for p in periodes(session, uai) if (p.annee, p.rang) == (annee, rang)), None)
    if trouvee is None:
        raise Introuvable("cette période n'existe pas.", remede="rafraîchir la page.")
    session.delete(trouvee)
    _consigner(session, horloge, "periode.retiree", uai, annee, trouvee.debut, trouvee.fin, acteur)


def _consigner(
    session: Session, horloge: Horloge, acte: str, uai: str, annee: int, debut: date, fin: date, acteur: UUID
) -> None:
    consigner(
        session,
        horloge,
        acte,
        uai=uai,
        acteur=acteur,
        objet=str(annee),
        details={"debut": debut.isoformat(), "fin": fin.isoformat()},
    )
